// How a picture was made: its parameters, and its lineage as pictures.
import { get, post } from "./api.js";
import { button, h } from "./dom.js";
import { t } from "./words.js";
import { thumbnail } from "./thumbs.js";

const LONG = new Set(["prompt", "negative", "template"]);

export class Panel {
  /** `on` has told(sentence), refused(error), show(id), wipe(draft, finals). */
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
    const rows = found.parameters.map(([name, value]) => h("div", { class: LONG.has(name) ? "long" : "" }, h("dt", {}, t(`parameters.${name}`)), h("dd", {}, value)));
    const parts = [
      button("close", t("close"), () => this.close(), { class: "only-narrow" }),
      h("h2", {}, found.path.split("/").pop()),
      h("div.actions", {},
        button("plus", t("acts.more"), () => this.#more(id), { shown: true }),
        found.text ? button("copy", t("copy"), () => this.#copy(found.text), { shown: true }) : null),
      found.trouble ? h("p.trouble", {}, found.trouble) : null,
      ...this.#lineage(found),
      h("dl", {}, ...rows),
    ];
    this.box.replaceChildren(...parts.filter(Boolean));
  }

  #lineage(found) {
    const drafts = found.relatives.filter((one) => !one.source);
    const finals = found.relatives.filter((one) => one.source);
    if (!finals.length || !drafts.length) return [];
    const draft = drafts.find((one) => one.recipe === (found.source || found.recipe)) ?? drafts[0];
    const small = (one) => {
      const img = h("img", { alt: one.path.split("/").pop() });
      thumbnail(one.id, one.mtime, (url) => url && (img.src = url));
      return h("button.relative", { type: "button", "aria-current": String(one.id === found.id), onclick: () => this.on.show(one.id) }, img);
    };
    return [
      h("h3", {}, t("lineage")),
      h("div.lineage", {}, h("div.from", {}, small(draft)), h("div.into", {}, ...finals.map(small))),
      button("wipe", t("viewer.wipe"), () => this.on.wipe(draft.id, finals.map((one) => one.id)), { shown: true }),
    ];
  }

  async #more(id) {
    try {
      const { path } = await post(`/api/more/${id}`);
      this.on.told(t("did.asked", { path }));
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
