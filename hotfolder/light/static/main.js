// The light table: what keys, buttons and news do.
import { Again, itemAgain } from "./again.js";
import { get, isStack, post, roomOf, starsOf } from "./api.js";
import { button, dialog, h, icon } from "./dom.js";
import { Filters } from "./filters.js";
import { Grid } from "./grid.js";
import { listen } from "./listen.js";
import { command, HELP, isTaken } from "./keys.js";
import { Panel } from "./panel.js";
import { all, go, one, toggle } from "./selection.js";
import { Table } from "./table.js";
import { tryAgain } from "./thumbs.js";
import { Viewer } from "./viewer.js";
import { mend, wish } from "./wish.js";
import { language, languages, number, speak, t } from "./words.js";
import { Making, work } from "./work.js";

dialog.closes = t("close");
document.getElementById("grid").setAttribute("aria-label", t("pictures_label"));
const table = new Table();
const byId = (id) => document.getElementById(id);
const isTouch = matchMedia("(pointer: coarse)");
const isNarrow = matchMedia("(max-width: 900px)");

const grid = new Grid(byId("grid"), {
  open: (id) => look(id),
  choose: (id, event) => choose(id, event),
  seen: (ids) => {
    table.saw(ids);
    grid.draw();
  },
});
const making = new Making(() => run("work"));
const panel = new Panel({
  told: toast,
  refused,
  show: (id) => (table.indexOf(id) >= 0 ? selectOnly(id) : viewer.open([id])),
  wipe: (draft, finals) => openWipe(draft, finals),
  again: (id) => again.begin(id),
});
const again = new Again({
  told: toast,
  refused,
  making: (id) => (panel.remaking = id),
  isWaited: (id) => (panel.isOpen && panel.wanted === id) || (viewer.isOpen && viewer.current === id),
  show: (ids, says) => openWipe(ids[0], ids.slice(1), says),
});
const viewer = new Viewer({
  walk: (id, step) => {
    const at = table.indexOf(id);
    const next = at < 0 ? -1 : at + step;
    return next >= 0 && next < table.view.ids.length ? table.view.ids[next] : null;
  },
  item: (id) => itemAgain(id) ?? grid.items.get(id) ?? table.item(id),
  shown: (ids) => {
    table.saw(ids.filter(Number.isInteger));
    if (table.indexOf(viewer.current) >= 0) selectOnly(viewer.current);
    panel.show(viewer.current);
  },
  closed: (id) => {
    if (table.indexOf(id) >= 0) selectOnly(id);
    grid.reveal(id);
    byId("grid").focus({ preventScroll: true });
  },
  tools: (view) => acts(() => view.all, true),
  modes: () => [
    button("compare", t("viewer.compare"), () => run("compare"), { "aria-pressed": String(viewer.mode === "compare") }),
    button("champion", t("viewer.champion"), () => run("champion"), { "aria-pressed": String(viewer.mode === "champion") }),
    button("wipe", t("viewer.wipe"), () => run("wipe"), { "aria-pressed": String(viewer.mode === "wipe") }),
    ...(viewer.mode === "champion" ? [button("swap", t("viewer.swap"), () => viewer.swap(), { shown: true })] : []),
    button("search", t("viewer.one"), () => viewer.toggleZoom()),
    button("info", t("panel"), () => run("panel")),
  ],
});
const filters = new Filters((question) => {
  byId("grid").scrollTop = 0;
  table.ask(question).catch(lost);
});

// What the page shows

function choose(id, event) {
  byId("grid").focus({ preventScroll: true });
  if (event.shiftKey) table.select(go(table.selection, table.view.ids, table.indexOf(id), true));
  else if (event.ctrlKey || event.metaKey || selecting) table.select(toggle(table.selection, id));
  else if (isTouch.matches) look(id);
  else selectOnly(id);
}

let selecting = false; // on touch screens: a tap selects instead of opening

function selectOnly(id) {
  table.select(go(table.selection, table.view.ids, table.indexOf(id)));
}

function look(id) {
  selectOnly(id);
  if (isNarrow.matches) panel.close();
  viewer.open([id]);
}

table.on("view", (view) => {
  grid.show(view, table.question.order === "newest");
  byId("grid").classList.toggle("empty", !view.ids.length);
  empty(!view.ids.length);
  if (viewer.isOpen) {
    for (const id of [...viewer.ids]) {
      if (viewer.mode !== "wipe" && table.indexOf(id) < 0) viewer.replace(id, table.nextOf(id));
    }
    viewer.refresh();
  }
});
table.on("selection", (state) => {
  grid.select(state);
  if (!viewer.isOpen) panel.show(state.current);
  bottom();
});
table.on("state", bottom);
table.on("told", (act, done, changed) => {
  if (act === "undo" && !done) return toast(t("did.nothing"));
  if (done.troubles?.length) return refused({ says: done.troubles });
  const many = number(done.ids.length);
  if (act === "undo") toast(t("did.undone", { what: t(`of.${done.act}`) }));
  else if (done.ids.length && act !== "rate") toast(t(`did.${act}`, { n: many }), true);
  else if (done.ids.length) speakUp(t("did.rate", { n: many }));
});

function acts(ids, inViewer = false) {
  const stars = (n) => h("button.one-star", { type: "button", "aria-label": t("alt.stars", { n }), title: t("alt.stars", { n }), onclick: () => run("rate", n) }, icon("star"));
  const index = table.indexOf(ids()[0] ?? null);
  const now = index >= 0 ? Math.max(0, starsOf(table.view.flags[index])) : 0;
  const rating = h("div.rating", { role: "group", "aria-label": t("acts.rate") }, ...[1, 2, 3, 4, 5].map(stars));
  [...rating.children].slice(0, now).forEach((star) => star.classList.add("on"));
  const isPicked = index >= 0 && roomOf(table.view.flags[index]) === "seeds";
  return [
    button("reject", t("acts.reject"), () => run("reject"), { class: "reject" }),
    rating,
    isPicked
      ? button("pick", t("acts.unmark"), () => run("unmark"), { class: "pick on", "aria-pressed": "true" })
      : button("pick", t("acts.pick"), () => run("pick"), { class: "pick" }),
    button("undo", t("acts.undo"), () => run("undo")),
    ...(inViewer ? [] : [button("compare", t("acts.compare"), () => run("compare"))]),
    button("delete", t("acts.delete"), () => run("delete")),
  ];
}

function bottom() {
  const { selected } = table.selection;
  const count = table.view.ids.length;
  const words = count === 1 ? t("picture_one") : t("pictures", { n: number(count) });
  const chosen = selected.length > 1 ? ` · ${t("selected", { n: number(selected.length) })}` : "";
  const size = h("input", { type: "range", min: "90", max: "420", value: String(grid.target), "aria-label": t("size"), title: t("size"),
    oninput: (event) => {
      localStorage.setItem("size", event.target.value);
      grid.resize(Number(event.target.value));
    } });
  if (!byId("bottom").children.length) byId("bottom").append(h("p", {}), making.box, h("div.tools", {}), size);
  byId("bottom").firstElementChild.textContent = words + chosen;
  byId("bottom").children[2].replaceChildren(...(selected.length ? acts(() => table.selection.selected) : []));
}

function empty(is) {
  const box = byId("grid");
  box.querySelector(".nothing")?.remove();
  const list = { role: "listbox", "aria-multiselectable": "true" }; // of which a sentence is no part
  for (const [name, value] of Object.entries(list)) is ? box.removeAttribute(name) : box.setAttribute(name, value);
  if (!is) return;
  const says = filters.isFiltered
    ? [h("p", {}, t("empty_filtered")), h("button.main", { type: "button", onclick: () => filters.clear() }, t("filters.clear"))]
    : [h("p", {}, t("empty")), h("p.hint", {}, t("empty_says")), button("plus", t("new_prompt"), () => run("wish"), { shown: true, class: "main" })];
  byId("cells").append(h("div.nothing", {}, ...says));
}

// What keys and buttons do

const COMMANDS = {
  walk: (step, extend) => (viewer.isOpen ? viewer.walk(step) : move((at) => at + step, extend)),
  rows: (step, extend) => (viewer.isOpen ? viewer.walk(step) : move((at) => grid.beyond(at, step), extend)),
  page: (step, extend) => viewer.isOpen || move((at) => grid.beyond(at, step * grid.rowsInSight), extend),
  end: (side, extend) => viewer.isOpen || move(() => (side < 0 ? 0 : table.view.ids.length - 1), extend),
  all: () => viewer.isOpen || table.select(all(table.selection, table.view.ids)),
  escape: () => (viewer.isOpen ? viewer.close() : table.select(one(table.selection))),
  open: () => (viewer.isOpen ? viewer.close() : table.selection.current !== null && viewer.open([table.selection.current])),
  rate: (stars) => table.act("rate", targets(), stars),
  pick: () => table.act("pick", targets()),
  reject: () => table.act("reject", targets()),
  unmark: () => table.act("unmark", targets()),
  delete: () => table.act("delete", targets()),
  undo: () => table.undo().then(() => !viewer.isOpen && table.selection.current !== null && grid.reveal(table.selection.current)),
  zoom: () => (viewer.isOpen ? viewer.toggleZoom() : table.selection.current !== null && (viewer.open([table.selection.current]), viewer.toggleZoom())),
  compare: () => compare(),
  champion: () => champion(),
  swap: () => viewer.isOpen && viewer.swap(),
  wipe: () => wipe(),
  stack: () => openStack(),
  panel: () => panel.toggle(),
  wish: () => wish(toast, refused),
  work: () => work(),
  search: () => filters.focus(),
  filter: () => filters.toggle(),
  help: () => help(),
};

function run(name, value, extend = false) {
  table.inTurn(() => COMMANDS[name](value, extend), name === "undo");
}

const targets = () => (viewer.isOpen ? [viewer.current] : table.selection.selected);

function move(step, extend) {
  const at = table.indexOf(table.selection.current);
  const index = at < 0 ? grid.firstInSight : step(at);
  table.select(go(table.selection, table.view.ids, index, extend));
  if (table.selection.current !== null) grid.reveal(table.selection.current);
}

function compare() {
  if (viewer.isOpen && viewer.mode === "compare") return viewer.open([viewer.current]);
  let ids = inOrder(table.selection.selected).slice(0, 4);
  if (ids.length < 2) ids = neighbours();
  if (ids.length > 1) viewer.open(ids, "compare");
}

function champion() {
  if (viewer.isOpen && viewer.mode === "champion") return viewer.open([viewer.current]);
  const ids = neighbours();
  if (ids.length > 1) viewer.open(ids, "champion");
}

const inOrder = (ids) => [...ids].sort((a, b) => table.indexOf(a) - table.indexOf(b));

/** The current picture and the one after it, or before it where none follows. */
function neighbours() {
  const id = viewer.isOpen ? viewer.current : table.selection.current;
  const at = table.indexOf(id);
  if (at < 0) return [];
  const next = table.view.ids[at + 1] ?? table.view.ids[at - 1];
  return next === undefined ? [] : [id, next];
}

async function wipe() {
  if (viewer.isOpen && viewer.mode === "wipe") return viewer.open([viewer.ids[0]]);
  const id = viewer.isOpen ? viewer.current : table.selection.current;
  if (id === null) return;
  const found = await get(`/api/picture/${id}`).catch(() => null);
  const recipe = found && (found.source || found.recipe);
  const draft = found?.relatives.find((one) => one.recipe === recipe);
  const finals = found?.relatives.filter((one) => one.source === recipe && one.source).map((one) => one.id) ?? [];
  if (!draft || !finals.length) return toast(t("viewer.no_finals"));
  openWipe(draft.id, finals[0] === id ? finals : [...finals].sort((a, b) => (b === id) - (a === id)));
}

function openWipe(draft, finals, says = null) {
  viewer.finals = [...finals];
  viewer.open([draft, finals[0]], "wipe", says);
}

async function openStack() {
  const id = table.selection.current;
  const at = table.indexOf(id);
  if (at < 0) return;
  const stack = table.view.stacks[at];
  if (!isStack(table.view.flags[at]) && !table.opened.has(stack)) return;
  if (!table.opened.delete(stack)) table.opened.add(stack);
  await table.load().catch(lost);
}

function help() {
  const groups = Map.groupBy ? Map.groupBy(HELP, ([group]) => group) : HELP.reduce((map, row) => map.set(row[0], [...(map.get(row[0]) ?? []), row]), new Map());
  dialog(t("help.title"), "help", ...[...groups].map(([group, rows]) => h("section", {}, h("h3", {}, t(`help.${group}`)), h("dl", {}, ...rows.map(([, keys, says]) => h("div", {}, h("dt", {}, ...keys.map((key) => h("kbd", {}, key))), h("dd", {}, t(`help.${says}`))))))));
}

addEventListener("keydown", (event) => {
  if (isTaken(event) || event.defaultPrevented) return;
  const found = command(event);
  if (!found) return;
  event.preventDefault();
  run(...found);
});

// The bar at the top

function menu() {
  const choices = (label, name, options, chosen, choose) => h("fieldset", {}, h("legend", {}, label), ...options.map(([value, words]) => h("label", {}, h("input", { type: "radio", name, value, checked: value === chosen, onchange: () => choose(value) }), h("span", {}, words))));
  dialog(t("menu"), "menu",
    choices(t("order"), "order", ["newest", "oldest", "stars", "best"].map((order) => [order, t(`orders.${order}`)]), table.question.order, sort),
    choices(t("scheme"), "scheme", ["auto", "light", "dark"].map((scheme) => [scheme, t(`schemes.${scheme}`)]), localStorage.getItem("scheme") ?? "auto", paint),
    choices(t("language"), "language", Object.entries(languages).map(([tag, words]) => [tag, words.name]), language, speak),
    h("div.actions", {}, button("keys", t("keys"), () => help(), { shown: true }), button("mend", t("failed"), () => mend(toast, refused), { shown: true }), button("work", t("work"), () => run("work"), { shown: true })));
}

/** Another order. What is best follows from what was judged so far: it is worked out first. */
async function sort(order) {
  if (order === "best") {
    try {
      const { says } = await post("/api/best");
      if (says) return refused({ says: [says] });
    } catch (error) {
      return refused(error);
    }
  }
  filters.set({ order });
}

function paint(scheme) {
  localStorage.setItem("scheme", scheme);
  document.documentElement.dataset.scheme = scheme;
}

const stacks = button("stack", t("stacks"), () => {
  filters.set({ stacks: !filters.question.stacks && "true" });
  stacks.setAttribute("aria-pressed", String(Boolean(filters.question.stacks)));
}, { "aria-pressed": String(Boolean(filters.question.stacks)) });
const select = button("pick", t("acts.select"), () => {
  selecting = !selecting;
  select.setAttribute("aria-pressed", String(selecting));
}, { "aria-pressed": "false", class: "only-touch" });
const failing = button("mend", t("failed"), () => mend(toast, refused), { class: "failing", hidden: true });
byId("tools").append(select, filters.button(), stacks, failing,
  button("info", t("panel"), () => run("panel"), { class: "only-wide" }), button("work", t("work"), () => run("work"), { class: "only-wide" }),
  button("plus", t("new_prompt"), () => run("wish"), { class: "main" }), button("more", t("menu"), menu));

// What the page says

function toast(says, undoable = false) {
  const box = h("div.toast", {}, h("span", {}, says), undoable ? h("button", { type: "button", onclick: () => run("undo") }, t("acts.undo")) : null);
  byId("toasts").replaceChildren(box);
  setTimeout(() => box.remove(), 5000);
}

function refused(error) {
  const says = error.says ?? [error.message];
  const box = h("div.toast.trouble", { role: "alert" }, ...says.slice(0, 5).map((line) => h("p", {}, line)), h("button", { type: "button", onclick: () => box.remove() }, t("close")));
  byId("toasts").replaceChildren(box);
}

function speakUp(says) {
  byId("spoken").textContent = says;
}

function notice(says) {
  byId("notice").hidden = !says;
  byId("notice").textContent = says;
}

// News

async function lost(error) {
  notice(error?.status === 403 ? t("out") : t("lost"));
}

let coming;
let shaped = null; // shapes of new pictures are known some time after they appear
function changed() {
  if (coming) return;
  coming = setTimeout(async () => {
    coming = null;
    if (table.waiting) return changed();
    await table.load().then(() => grid.refresh(), lost);
    filters.refresh();
  }, table.view.ids.length > 20000 ? 1000 : 150);
}

async function failures() {
  const files = await get("/api/failed").catch(() => []);
  failing.hidden = !files.length;
}

listen({
  heard: () => notice(""),
  lost: () => notice(t("lost")),
  out: () => notice(t("out")),
  hello: () => {
    changed();
    failures();
    tryAgain();
  },
  changed,
  stacked: () => table.question.stacks && changed(),
  portrayed: () => {
    tryAgain();
    shaped ??= setTimeout(() => {
      shaped = null;
      changed();
    }, 3000);
  },
  inbox: failures,
  again: (made) => again.made(made),
  making: (now) => making.show(now),
  studio: ({ there }) => {
    notice(there ? "" : t("no_studio"));
    if (there) changed();
  },
});

paint(localStorage.getItem("scheme") ?? "auto");
grid.target = Number(localStorage.getItem("size") ?? (innerWidth < 700 ? 130 : 210));
bottom();
table.question = filters.question;
table.load().then(() => byId("grid").focus({ preventScroll: true }), lost);
filters.refresh();
window.light = { table, grid, viewer, filters }; // for tests, and for the curious
