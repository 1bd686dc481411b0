// What hotfolder does now, what comes next and why, and what waits.
import { get } from "./api.js";
import { dialog, h } from "./dom.js";
import { number, t } from "./words.js";

const EVERY_MS = 2000;

/** A window with the queue, up to date while it is open. */
export function work() {
  const inside = h("div.inside", {});
  const box = dialog(t("at_work.title"), "work", inside);
  const look = async () => {
    const now = await get("/api/work").catch(() => null);
    if (now) inside.replaceChildren(...told(now));
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
    ...waiting(now.waiting),
    h("h3", {}, t("at_work.next")),
    now.jobs.length ? h("ol.jobs", {}, ...now.jobs.map(job), now.more ? h("li.more", {}, t("at_work.more")) : null) : h("p.hint", {}, t("at_work.nothing")),
  ].filter(Boolean);
}

function waiting(files) {
  const entries = Object.entries(files);
  if (!entries.length) return [];
  return [h("h3", {}, t("at_work.waiting")), h("ul.waiting", {}, ...entries.slice(0, 50).map(([path, says]) => h("li", {}, h("b", {}, path), " ", says)))];
}

function job(one) {
  const size = one.width ? ` ${one.width} × ${one.height}` : "";
  return h("li", {}, h("b", {}, t(`jobs.${one.kind}`) + size), " ", h("span", {}, one.prompt || one.path), h("small", {}, ` ${one.path} · ${one.why}`));
}
