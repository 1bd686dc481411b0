// Elements without a framework: text always goes in as text, never as HTML.

const PATHS = {
  star: "m12 3.6 2.5 5.300 5.800.7-4.300 4 1.200 5.800L12 16.500l-5.200 2.900L8 13.600l-4.300-4 5.800-.7z",
  pick: "m4.500 12.500 5 5 10-11",
  reject: "M6 6l12 12M18 6 6 18",
  unmark: "M5 12h14",
  undo: "M8.500 5 4 9.500 8.500 14M4.500 9.500H14a5.500 5.500 0 0 1 0 11h-3",
  delete: "M4.500 7h15M9.500 7V4.500h5V7M6.500 7l1 13h9l1-13M10 11v5M14 11v5",
  filter: "M4 6h16M7 12h10M10 18h4",
  compare: "M4 5h7v14H4zM13 5h7v14h-7z",
  info: "M12 11v6M12 7.500v.1M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  plus: "M12 5v14M5 12h14",
  more: "M6 12h.1M12 12h.1M18 12h.1",
  close: "M6 6l12 12M18 6 6 18",
  keys: "M9.500 9a2.700 2.700 0 1 1 3.900 2.400c-.9.5-1.400 1.100-1.400 2.100M12 17v.1M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  stack: "m12 4 8 4-8 4-8-4zM4 12l8 4 8-4M4 16l8 4 8-4",
  search: "M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13zM15.500 15.500 20 20",
  work: "M12 3v3M12 18v3M4.200 7.500l2.600 1.500M17.200 15l2.600 1.500M4.200 16.500l2.600-1.500M17.200 9l2.600-1.500M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
  mend: "M12 4 2.800 20h18.400zM12 10v4.500M12 17.300v.1",
  wipe: "M12 3v18M4 6h5M4 12h5M4 18h5M15 6h5v12h-5",
  champion: "M7 4h10v5a5 5 0 0 1-10 0zM7 5.500H4V7a3 3 0 0 0 3 3M17 5.500h3V7a3 3 0 0 1-3 3M12 14v4M8.500 20h7",
  open: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  next: "m9 5 7 7-7 7",
  previous: "m15 5-7 7 7 7",
  copy: "M9 9h11v11H9zM15 9V4H4v11h5",
  again: "M19 5v5h-5M5 19v-5h5M18.500 10A7 7 0 0 0 6 7.500M5.500 14A7 7 0 0 0 18 16.500",
  swap: "M4 8.500h14l-3.500-3.500M20 15.500H6l3.500 3.500",
};

/** An element: h("button.quiet", {onclick, "aria-label": …}, "text", child, …). */
export function h(selector, attributes = {}, ...children) {
  const [tag, ...classes] = selector.split(".");
  const element = document.createElement(tag || "div");
  if (classes.length) element.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** One of our line drawings. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** A button with a drawing; its words are its name. */
export function button(drawing, words, onclick, { shown = false, ...attributes } = {}) {
  const label = shown ? {} : { "aria-label": words, title: words };
  return h("button", { type: "button", onclick, ...label, ...attributes }, icon(drawing), shown && h("span", {}, words));
}

/** A modal dialog with a title; Escape and its button close it. */
export function dialog(title, className, ...children) {
  const id = `title-${className}`;
  const box = h(`dialog.${className}`, { "aria-labelledby": id });
  const close = h("button.quiet", { type: "button", "aria-label": dialog.closes, title: dialog.closes, onclick: () => box.close() }, icon("close"));
  box.append(h("header", {}, h("h2", { id }, title), close), ...children);
  box.addEventListener("close", () => box.remove());
  box.addEventListener("pointerdown", (event) => event.target === box && box.close());
  document.body.append(box);
  box.showModal();
  return box;
}
