// How a picture was made: its parameters, its lineage as pictures, what was drawn anew in it.
import { get, post } from "./api.js";
import { button, h } from "./dom.js";
import { moment, t } from "./words.js";
import { thumbnail } from "./thumbs.js";
import { inInbox } from "./wish.js";

const LONG = new Set(["prompt", "negative", "template"]);

export class Panel {
  /** `on` has told(sentence), refused(error), show(id), wipe(draft, finals), again(id). */
  constructor(on) {
    this.on = on;
    this.box = document.getElementById("panel");
    this.box.setAttribute("aria-label", t("panel"));
    this.id = null;
    this.box.hidden = innerWidth <= 900 || localStorage.getItem("panel") !== "open";
  }

  get isOpen() {
    return !this.box.hidden;
  }

  toggle() {
    this.box.hidden = !this.box.hidden;
    if (innerWidth > 900) localStorage.setItem("panel", this.isOpen ? "open" : "");
    if (this.isOpen) this.show(this.wanted ?? null);
  }

  close() {
    this.box.hidden = true;
  }

  /** Show another picture, once the keys have come to rest. */
  show(id) {
    this.wanted = id;
    if (!this.isOpen) return;
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.#show(id), 120);
  }

  async #show(id) {
    const found = id === null ? null : await get(`/api/picture/${id}`).catch(() => null);
    if (this.wanted !== id) return;
    if (!found) {
      this.box.replaceChildren(h("p.hint", {}, t("panel_none")));
      return;
    }
    const rows = found.parameters.map(([name, value]) => h("div", { class: LONG.has(name) ? "long" : "" }, h("dt", {}, t(`parameters.${name}`)), h("dd", {}, name === "created" ? moment(value) : value)));
    const parts = [
      button("close", t("close"), () => this.close(), { class: "only-narrow" }),
      h("h2", {}, found.path.split("/").pop()),
      h("div.actions", {},
        button("plus", t("acts.more"), () => this.#more(id), { shown: true }),
        found.text ? button("again", t("acts.again"), () => this.on.again(id), { shown: true, disabled: this.making === id }) : null,
        found.text ? button("copy", t("copy"), () => this.#copy(found.text), { shown: true }) : null),
      found.trouble ? h("p.trouble", {}, found.trouble) : null,
      ...this.#lineage(found),
      ...this.#regions(found),
      ...this.#links(found),
      h("dl", {}, ...rows),
    ];
    this.box.replaceChildren(...parts.filter(Boolean));
  }

  /** A picture is being made again, or (null) no longer. */
  set remaking(id) {
    this.making = id;
    this.show(this.wanted ?? null);
  }

  /** From the draft on: each picture that was picked, and what was made from it. */
  #lineage(found) {
    const small = (one) => {
      const img = h("img", { alt: one.path.split("/").pop() });
      thumbnail(one.id, one.mtime, (url) => url && (img.src = url));
      return h("button.relative", { type: "button", "aria-current": String(one.id === found.id), onclick: () => this.on.show(one.id) }, img);
    };
    const generations = found.lineage.flatMap((recipe) => {
      const from = found.relatives.find((one) => one.recipe === recipe);
      const into = found.relatives.filter((one) => one.source === recipe);
      return from && into.length ? [[from, into]] : [];
    });
    if (!generations.length) return [];
    const [draft, finals] = generations.find(([, into]) => into.some((one) => one.id === found.id)) ?? generations[0];
    return [
      h("h3", {}, t("lineage")),
      ...generations.map(([from, into]) => h("div.lineage", {}, h("div.from", {}, small(from)), h("div.into", {}, ...into.map(small)))),
      button("wipe", t("viewer.wipe"), () => this.on.wipe(draft.id, finals.map((one) => one.id)), { shown: true }),
    ];
  }

  /** The picture, dark but for the parts that were drawn anew. */
  #regions(found) {
    if (!found.regions.length) return [];
    const [width, height] = found.regions.at(-1).of;
    const shade = h("canvas", { width, height });
    const context = shade.getContext("2d");
    context.fillStyle = "rgb(0 0 0 / 62%)";
    context.fillRect(0, 0, width, height);
    context.globalCompositeOperation = "destination-out";
    for (const { of, ...region } of found.regions) {
      const [x, y] = [width / of[0], height / of[1]];
      context.drawImage(mask(region), region.left * x, region.top * y, region.width * x, region.height * y);
    }
    const img = h("img", { alt: t("regions_alt") });
    thumbnail(found.id, found.mtime, (url) => url && (img.src = url));
    return [h("h3", {}, t("regions")), h("div.regions", {}, img, shade)];
  }

  #links(found) {
    if (!found.links.length) return [];
    return [h("h3", {}, t("links")), h("ol.links", {}, ...found.links.map((says) => h("li", {}, says)))];
  }

  async #more(id) {
    try {
      this.on.told(inInbox("did.asked", await post(`/api/more/${id}`)));
    } catch (error) {
      this.on.refused(error);
    }
  }

  async #copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const field = h("textarea", { value: text }); // a page over plain http in the home network
      this.box.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
    this.on.told(t("did.copied"));
  }
}

/** A region's mask, opaque where the picture was drawn anew. */
function mask({ width, height, runs }) {
  const pixels = new ImageData(width, height);
  let at = 0;
  runs.split(".").forEach((run, n) => {
    const end = Math.min(at + Number(run), width * height);
    for (; at < end; at++) pixels.data[4 * at + 3] = n % 2 ? 255 : 0;
  });
  const canvas = h("canvas", { width, height });
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}
