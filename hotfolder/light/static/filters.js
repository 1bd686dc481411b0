// What is shown: the folder, the search, the filters, the order.
import { get } from "./api.js";
import { button, h, icon } from "./dom.js";
import { number, t } from "./words.js";

const ROOMS = ["table", "drafts", "seeds", "final", "rejected", "all"];
const KEPT = ["room", "order", "stacks"];

export class Filters {
  /** `ask` is called with the question whenever it has changed. */
  constructor(ask) {
    this.ask = ask;
    this.question = { room: "table", order: "newest", ...JSON.parse(localStorage.getItem("question") ?? "{}") };
    this.counts = {};
    this.bar = document.getElementById("filters");
    this.#rooms();
    this.#search();
  }

  /** The button that opens the bar of filters. */
  button() {
    this.opener = button("filter", t("filter"), () => this.toggle(), { "aria-expanded": "false", "aria-controls": "filters" });
    return this.opener;
  }

  set(changes) {
    this.question = { ...this.question, ...changes };
    for (const key of Object.keys(this.question)) {
      const value = this.question[key];
      if (value === "" || value === false || value === 0 || value === null) delete this.question[key];
    }
    localStorage.setItem("question", JSON.stringify(Object.fromEntries(KEPT.map((key) => [key, this.question[key]]))));
    this.#mark();
    this.ask(this.question);
  }

  get isFiltered() {
    return Object.keys(this.question).some((key) => !KEPT.includes(key));
  }

  focus() {
    this.input.focus();
    this.input.select();
  }

  toggle() {
    this.bar.hidden = !this.bar.hidden;
    this.opener.setAttribute("aria-expanded", String(!this.bar.hidden));
    if (!this.bar.hidden) this.refresh().then(() => this.bar.querySelector("select")?.focus());
  }

  /** Ask again what there is to choose from. */
  async refresh() {
    const facets = await get("/api/facets").catch(() => null);
    if (!facets) return;
    const { drafts = 0, seeds = 0, final = 0, rejected = 0 } = facets.rooms;
    this.counts = { table: drafts + seeds, drafts, seeds, final, rejected, all: drafts + seeds + final + rejected };
    this.#mark();
    if (!this.bar.hidden && !this.bar.contains(document.activeElement)) this.#fill(facets);
    else if (!this.bar.hidden && !this.bar.children.length) this.#fill(facets);
  }

  #rooms() {
    const nav = document.getElementById("rooms");
    nav.setAttribute("aria-label", t("rooms_label"));
    nav.replaceChildren(...ROOMS.map((room) => h("button", { type: "button", "data-room": room, onclick: () => this.set({ room }) }, h("span", {}, t(`rooms.${room}`)), h("span.count", {}))));
    this.#mark();
  }

  #search() {
    this.input = h("input", { type: "search", placeholder: t(matchMedia("(max-width: 640px)").matches ? "search_short" : "search"), "aria-label": t("search"), title: t("search_hint"), autocomplete: "off", spellcheck: "false", maxlength: "400" });
    let typing;
    this.input.addEventListener("input", () => {
      clearTimeout(typing);
      typing = setTimeout(() => this.set({ words: this.input.value.trim() }), 200);
    });
    this.input.addEventListener("keydown", (event) => {
      if (event.key === "Escape" || event.key === "Enter") document.getElementById("grid").focus();
    });
    document.getElementById("search").append(icon("search"), this.input);
  }

  #mark() {
    for (const one of document.querySelectorAll("#rooms button")) {
      const room = one.dataset.room;
      one.setAttribute("aria-pressed", String(room === this.question.room));
      one.querySelector(".count").textContent = this.counts[room] === undefined ? "" : number(this.counts[room]);
    }
    this.opener?.classList.toggle("active", this.isFiltered);
  }

  #fill(facets) {
    const choice = (key, options) => h("label", {}, h("span", {}, t(`filters.${key}`)), h("select", { onchange: (event) => this.set({ [key]: event.target.value }) },
      h("option", { value: "" }, t("filters.any")),
      ...options.map(([value, count]) => h("option", { value, selected: value === this.question[key] }, count === undefined ? value : `${value} (${number(count)})`))));
    const stars = [1, 2, 3, 4, 5].map((n) => h("option", { value: String(n), selected: Number(this.question.stars) === n }, t("filters.least", { n: "★".repeat(n) })));
    const day = (key) => h("label", {}, h("span", {}, t(`filters.${key}`)), h("input", { type: "date", value: this.question[key] ?? "", onchange: (event) => this.set({ [key]: event.target.value }) }));
    const unseen = h("input", { type: "checkbox", checked: Boolean(this.question.unseen), onchange: (event) => this.set({ unseen: event.target.checked && "true" }) });
    this.bar.replaceChildren(
      choice("file", facets.files), choice("profile", facets.profiles), choice("value", facets.values),
      h("label", {}, h("span", {}, t("filters.stars")), h("select", { onchange: (event) => this.set({ stars: Number(event.target.value) }) }, h("option", { value: "0" }, t("filters.any")), ...stars)),
      day("since"), day("until"),
      h("label.check", {}, unseen, h("span", {}, t("filters.unseen"))),
      h("button.quiet", { type: "button", onclick: () => this.clear() }, t("filters.clear")),
    );
  }

  clear() {
    this.input.value = "";
    for (const key of Object.keys(this.question)) if (!KEPT.includes(key)) this.question[key] = "";
    this.bar.replaceChildren();
    this.set({});
    this.refresh();
  }
}
