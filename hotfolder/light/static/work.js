// What hotfolder does now, what comes next and why, and what waits.
import { get, post } from "./api.js";
import { dialog, h } from "./dom.js";
import { number, t } from "./words.js";

const EVERY_MS = 2000;
const STALE_MS = 15000;

/** A PNG in base64 -> an address to show it by. */
function address(data) {
  return URL.createObjectURL(new Blob([Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0))], { type: "image/png" }));
}

/** The picture in the making, as it becomes clear: one small button. */
export class Making {
  constructor(open) {
    this.img = h("img", { alt: "" });
    this.words = h("span", {});
    this.bar = h("progress", { max: "1", value: 0, "aria-label": t("at_work.making") });
    this.box = h("button.making", { type: "button", hidden: true, title: t("at_work.title"), onclick: open }, this.img, h("span.lines", {}, this.words, this.bar));
  }

  show(now) {
    clearTimeout(this.stale);
    const one = now.making?.at(-1); // a refinement lies above the draft that it interrupted
    this.box.hidden = !one;
    if (!one) return;
    this.stale = setTimeout(() => (this.box.hidden = true), STALE_MS);
    this.words.textContent = one.what;
    this.bar.value = one.steps ? one.step / one.steps : 0;
    if (one.preview === this.preview) return;
    this.preview = one.preview;
    if (this.img.src) URL.revokeObjectURL(this.img.src);
    this.img.hidden = !one.preview;
    if (one.preview) this.img.src = address(one.preview);
  }
}

/** How many drafts were given up early; opened, the latest of them, each to be made all the same. */
class PassedOver {
  constructor() {
    this.many = h("summary", {});
    this.list = h("ul", {});
    this.box = h("details.passed", { hidden: true, ontoggle: () => this.box.open && this.#fill() }, this.many, this.list);
  }

  show(count) {
    this.box.hidden = !count;
    this.many.textContent = t("at_work.passed", { n: number(count) });
  }

  async #fill() {
    const found = await get("/api/passed").catch(() => []);
    this.list.replaceChildren(...found.map((one) => this.#one(one)));
  }

  #one({ recipe, name, score }) {
    const make = h("button", { type: "button", onclick: async () => {
      make.disabled = true;
      const asked = await post("/api/finish", { recipe }).catch(() => null);
      if (asked) make.textContent = t("at_work.asked");
      else make.disabled = false;
    } }, t("at_work.finish"));
    const likely = t("at_work.likely", { n: number(Math.round(100 * score)) });
    return h("li", {}, h("span", {}, name, h("small", {}, likely)), make);
  }
}

/** A window with the queue, up to date while it is open. */
export function work() {
  const inside = h("div.inside", {}, h("p.hint", {}, t("at_work.looking")));
  const passed = new PassedOver();
  const box = dialog(t("at_work.title"), "work", inside, passed.box);
  const look = async () => {
    const now = await get("/api/work").catch(() => null);
    if (now) inside.replaceChildren(...told(now));
    if (now) passed.show(now.passed);
    if (box.open) waiting = setTimeout(look, EVERY_MS);
  };
  let waiting = setTimeout(look, 0);
  box.addEventListener("close", () => clearTimeout(waiting));
  return box;
}

function told(now) {
  const state = now.running ? "running" : "stopped";
  const facts = [t("at_work.disk", { n: number(now.free_gb) }), `${t("at_work.device")}: ${now.device}`];
  return [
    h(`p.state.${state}`, {}, now.pause || t(`at_work.${state}`)),
    h("p.facts", {}, facts.join(" · ")),
    now.low ? h("p.trouble", {}, t("at_work.low")) : null,
    now.held ? h("p.trouble", {}, t("at_work.held", { n: number(now.drafts), most: number(now.pause_at) })) : null,
    now.steering ? h("p.facts", {}, t("at_work.steering", { says: now.steering })) : null,
    ...made(now.made),
    ...waiting(now.waiting),
    h("h3", {}, t("at_work.next")),
    now.jobs.length ? h("ol.jobs", {}, ...now.jobs.map(job), now.more ? h("li.more", {}, t("at_work.more")) : null) : h("p.hint", {}, t("at_work.nothing")),
  ].filter(Boolean);
}

function made({ making = [], said = [], warned = [], an_hour = 0 }) {
  const small = (one) => {
    const img = h("img", { alt: "" });
    if (one.preview) {
      img.src = address(one.preview);
      img.addEventListener("load", () => URL.revokeObjectURL(img.src));
    }
    const step = one.steps ? t("at_work.step", { n: number(one.step ?? 0), all: number(one.steps) }) : "";
    return h("li.one", {}, one.preview ? img : null, h("span", {}, one.what, h("small", {}, step)));
  };
  return [
    making.length ? h("h3", {}, t("at_work.making") + (an_hour ? ` · ${t("at_work.rate", { n: number(an_hour) })}` : "")) : null,
    making.length ? h("ul.makings", {}, ...making.map(small)) : null,
    ...warned.slice(-3).map((says) => h("p.trouble", {}, says)),
    said.length ? h("ul.said", {}, ...said.slice(-4).reverse().map((says) => h("li", {}, says))) : null,
  ];
}

function waiting(files) {
  const entries = Object.entries(files);
  if (!entries.length) return [];
  return [h("h3", {}, t("at_work.waiting")), h("ul.waiting", {}, ...entries.slice(0, 50).map(([path, says]) => h("li", {}, h("b", {}, path), " ", says)))];
}

function job(one) {
  const size = one.width ? ` ${one.width} × ${one.height}` : "";
  const where = one.prompt ? `${one.path} · ` : "";
  return h("li", {}, h("b", {}, t(`jobs.${one.kind}`) + size), " ", h("span", {}, one.prompt || one.path), h("small", {}, ` ${where}${one.why}`));
}
