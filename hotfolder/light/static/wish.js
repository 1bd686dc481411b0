// Ask for pictures, and mend what could not be read: checked by the daemon's own checker.
import { get, post } from "./api.js";
import { dialog, h } from "./dom.js";
import { number, t } from "./words.js";

const WAIT_MS = 250;

/** A form that writes a prompt file into inbox/. */
export function wish(told, refused) {
  const text = h("textarea", { rows: "4", placeholder: t("wish.prompt_hint"), "aria-describedby": "wish-says wish-mistakes", autofocus: true });
  const negative = h("input", { type: "text", autocomplete: "off" });
  const profile = h("select", {});
  const folder = h("select", {}, h("option", { value: "" }, t("wish.inbox")));
  const said = h("p.said", { role: "status" });
  const count = h("input", { type: "text", placeholder: t("wish.count_hint"), autocomplete: "off" });
  const aspect = h("input", { type: "text", placeholder: t("wish.aspect_hint"), autocomplete: "off" });
  const mistakes = h("ul.mistakes", { id: "wish-mistakes", role: "status" });
  const examples = h("ul.examples", {});
  const makes = h("p.makes", {});
  const lists = h("p.lists", {});
  const drop = h("button.main", { type: "submit", disabled: true }, t("wish.drop"));
  const filled = () => ({ text: text.value, negative: negative.value, profile: profile.value, count: count.value, aspect: aspect.value, folder: folder.value });

  const form = h("form", { method: "dialog", novalidate: true },
    h("label", {}, h("span", {}, t("wish.prompt")), text), h("p.hint", { id: "wish-says" }, t("wish.prompt_says")), lists,
    h("label", {}, h("span", {}, t("wish.negative")), negative),
    h("div.row", {}, h("label", { hidden: true }, h("span", {}, t("wish.folder")), folder), h("label", {}, h("span", {}, t("wish.profile")), profile), h("label", {}, h("span", {}, t("wish.count")), count), h("label", {}, h("span", {}, t("wish.aspect")), aspect)), said,
    mistakes, h("section", { hidden: true }, h("h3", {}, t("wish.examples")), examples), h("footer", {}, makes, drop));
  const box = dialog(t("wish.title"), "wish", form);

  const check = checker(async () => {
    const found = await post("/api/check", filled());
    if (!profile.options.length) {
      profile.append(h("option", { value: "" }, t("wish.default", { name: found.default })), ...found.profiles.map((name) => h("option", { value: name }, name)));
      if (found.words.length) lists.replaceChildren(`${t("wish.words")}: `, ...found.words.map((name) => h("button.word", { type: "button", onclick: () => insert(text, `__${name}__`, check) }, `__${name}__`)));
    }
    if (folder.options.length === 1) folder.append(...found.folders.map((path) => h("option", { value: path }, path)));
    folder.parentElement.hidden = folder.options.length === 1;
    profile.options[0].textContent = t("wish.default", { name: found.default });
    said.replaceChildren(...(found.said ? [t("wish.said"), h("code", {}, found.said)] : []));
    mistakes.replaceChildren(...found.mistakes.map((says) => h("li", {}, says)));
    examples.replaceChildren(...found.examples.map((one) => h("li", {}, h("i", {}), h("span", {}, one.prompt))));
    found.examples.forEach((one, n) => {
      const shape = examples.children[n].firstElementChild;
      shape.style.aspectRatio = `${one.width} / ${one.height}`;
    });
    examples.parentElement.hidden = !found.examples.length;
    drop.disabled = Boolean(found.mistakes.length) || !text.value.trim();
    makes.textContent = drop.disabled ? "" : found.count === "endless" ? t("wish.endless") : t("wish.makes", { n: number(found.count) });
  });
  form.addEventListener("input", check);
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !drop.disabled) form.requestSubmit(drop);
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const done = await post("/api/ask", filled());
      box.close();
      told(inInbox("did.asked", done));
    } catch (error) {
      refused(error);
    }
  });
  check();
  return box;
}

/** What is said of a file that was dropped into inbox/, and of what comes of it. */
export function inInbox(says, { path, running }) {
  const told = t(says, { path });
  return running ? told : t("did.stopped", { says: told });
}

/** The files in failed/, each with its note, to be mended where they are. */
export async function mend(told, refused) {
  const files = await get("/api/failed").catch(() => []);
  const box = dialog(t("mend.title"), "mend", ...(files.length ? [] : [h("p.hint", {}, t("mend.none"))]));
  for (const file of files) box.append(one(file, box, told, refused));
  return box;
}

function one(file, box, told, refused) {
  const isText = /\.(txt|toml|md)$/i.test(file.name);
  const id = `mend-${crypto.randomUUID?.() ?? Math.random().toString(36).slice(2)}`;
  const text = h("textarea", { rows: String(Math.min(12, file.text.split("\n").length + 1)), value: file.text, spellcheck: "false", "aria-labelledby": id });
  const note = h("pre.note", {}, file.note.trim());
  const mistakes = h("ul.mistakes", { role: "status" });
  const drop = h("button.main", { type: "button", onclick: put }, t(isText ? "mend.drop" : "mend.drop_as_is"));
  const suffix = file.name.slice(file.name.lastIndexOf(".")).toLowerCase();

  async function put() {
    try {
      const done = await post("/api/mend", { name: file.name, text: text.value });
      section.remove();
      told(inInbox("did.mended", done));
      if (!box.querySelector("section")) box.close();
    } catch (error) {
      refused(error);
    }
  }
  const check = checker(async () => {
    const found = await post("/api/check", { text: text.value, suffix });
    mistakes.replaceChildren(...found.mistakes.map((says) => h("li", {}, says)));
    drop.disabled = Boolean(found.mistakes.length);
    note.hidden = !found.mistakes.length;
  });
  if (isText) text.addEventListener("input", check);
  const section = h("section", {}, h("h3", { id }, file.shown), note, isText ? text : h("p.hint", {}, t("mend.picture")), mistakes, h("footer", {}, drop));
  return section;
}

/** `look`, not more often than somebody types, and the last time for sure. */
function checker(look) {
  let waiting;
  return () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => look().catch(() => {}), WAIT_MS);
  };
}

function insert(field, text, check) {
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.focus();
  check();
}
