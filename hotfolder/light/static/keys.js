// The keys, as in photo programs. One table: what a key does, and what the help says of it.

const isMac = navigator.platform.startsWith("Mac");

/** [group, keys as shown, word of the help] in the order of the help. */
export const HELP = [
  ["moving", ["←", "→", "↑", "↓"], "arrows"],
  ["moving", ["⇧ ←", "⇧ →"], "shift_arrows"],
  ["moving", ["Home", "End"], "home"],
  ["moving", ["Page ↑", "Page ↓"], "page"],
  ["moving", ["Space"], "space"],
  ["moving", [isMac ? "⌘ A" : "Ctrl A"], "all"],
  ["moving", ["Esc"], "escape"],
  ["marking", ["0", "…", "5"], "stars"],
  ["marking", ["P"], "p"],
  ["marking", ["X"], "x"],
  ["marking", ["U"], "u"],
  ["marking", ["Del"], "delete"],
  ["marking", [isMac ? "⌘ Z" : "Ctrl Z"], "undo"],
  ["looking", ["Enter"], "enter"],
  ["looking", ["Z"], "z"],
  ["looking", ["C"], "c"],
  ["looking", ["B"], "b"],
  ["looking", ["S"], "s"],
  ["looking", ["W"], "w"],
  ["looking", ["G"], "g"],
  ["other", ["I"], "i"],
  ["other", ["N"], "n"],
  ["other", ["L"], "l"],
  ["other", ["/"], "slash"],
  ["other", ["F"], "f"],
  ["other", ["?"], "question"],
];

const PLAIN = {
  ArrowLeft: ["walk", -1], ArrowRight: ["walk", 1], ArrowUp: ["rows", -1], ArrowDown: ["rows", 1],
  Home: ["end", -1], End: ["end", 1], PageUp: ["page", -1], PageDown: ["page", 1], " ": ["walk", 1],
  0: ["rate", 0], 1: ["rate", 1], 2: ["rate", 2], 3: ["rate", 3], 4: ["rate", 4], 5: ["rate", 5],
  p: ["pick"], x: ["reject"], u: ["unmark"], Delete: ["delete"], Backspace: ["delete"],
  Enter: ["open"], Escape: ["escape"], z: ["zoom"], c: ["compare"], b: ["champion"], s: ["swap"], w: ["wipe"],
  g: ["stack"], i: ["panel"], n: ["wish"], l: ["work"], "/": ["search"], f: ["filter"], "?": ["help"],
};
const EXTENDING = new Set(["walk", "rows", "end", "page"]);

/** The command of a key: [name, value, extends]; null for a key that is not ours. */
export function command(event) {
  if (event.isComposing || event.altKey) return null;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.ctrlKey || event.metaKey) {
    if (event.shiftKey) return null;
    return { z: ["undo"], a: ["all"] }[key] ?? null;
  }
  const found = PLAIN[key];
  if (!found) return null;
  if (event.shiftKey && !EXTENDING.has(found[0]) && key !== "?") return null;
  return [found[0], found[1], event.shiftKey && key !== " "];
}

/** Whether a key belongs to the element that has the focus: a field, a button, a dialog. */
export function isTaken(event) {
  const at = event.target;
  if (at.closest?.("dialog")) return true;
  if (at.matches?.("input:not([type=range]):not([type=checkbox]), textarea, select")) return true;
  const presses = event.key === "Enter" || event.key === " ";
  if (presses && at.matches?.("button, a, summary, input")) return true;
  return at.matches?.("input[type=range]") && event.key.startsWith("Arrow");
}
