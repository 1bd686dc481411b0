// The words of the page, in the reader's language. One file in words/ for each language.
import en from "./words/en.js";
import ja from "./words/ja.js";

export const languages = { en, ja };

const stored = localStorage.getItem("language");
const wanted = [stored, ...navigator.languages.map((tag) => tag.slice(0, 2))];
export const language = wanted.find((tag) => tag in languages) ?? "en";
const words = languages[language];
document.documentElement.lang = language;

/** The text under a key such as "acts.pick", its {places} filled in. */
export function t(key, values = {}) {
  const find = (from) => key.split(".").reduce((part, name) => part?.[name], from);
  const text = find(words) ?? find(en) ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** A number as its reader writes it. */
export const number = (n, digits = 0) => n.toLocaleString(language, { maximumFractionDigits: digits });

/** A moment as its reader writes it, in local time; a text that is none stays as it is. */
export function moment(text) {
  const when = new Date(text);
  return Number.isNaN(when.valueOf()) ? text : when.toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
}

/** Speak another language from now on. */
export function speak(tag) {
  localStorage.setItem("language", tag);
  location.reload();
}
