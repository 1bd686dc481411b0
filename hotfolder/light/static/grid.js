// The grid: as many cells as are near the window, for as many pictures as there are.
import { get, NONE, isSeen, isStack, roomOf, starsOf } from "./api.js";
import { h, icon } from "./dom.js";
import { nearest, pack, place, rowAt } from "./layout.js";
import { askFrom, forget, thumbnail } from "./thumbs.js";
import { number, t } from "./words.js";

const GAP = 6;
const MOST_CELLS = 300;
const SEEN_AFTER_MS = 900;

export class Grid {
  /** `on` has open(id), choose(id, event) and seen(ids). */
  constructor(box, on) {
    this.box = box;
    this.cells = box.firstElementChild;
    this.on = on;
    this.view = NONE;
    this.fromEnd = true;
    this.target = 210;
    this.rows = pack(NONE.shapes, 1, 1, GAP, true);
    this.places = new Map(); // id -> place in the order
    this.drawn = new Map(); // id -> cell
    this.items = new Map(); // id -> what the server says of a picture
    this.shown = { selected: new Set(), current: null };
    this.inSight = new Map(); // id -> since when
    this.asked = new Set();
    box.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.lay()).observe(box);
    this.#listen();
  }

  /** Show another list of pictures, without moving what is in sight. */
  show(view, fromEnd) {
    const keep = this.#anchor();
    const were = this.view;
    this.view = view;
    this.fromEnd = fromEnd;
    this.places = new Map();
    view.ids.forEach((id, index) => this.places.set(id, index));
    for (const [id, cell] of this.drawn) {
      const index = this.places.get(id);
      if (index === undefined || view.tags[index] !== cell.tag) this.#remove(id);
      else if (view.flags[index] !== cell.flags) this.items.delete(id);
    }
    if (were.ids.length && this.box.scrollTop > 4) this.lay(keep);
    else this.lay(null);
  }

  /** One picture's marks are others now; the server will say so as well. */
  mark(index, flags) {
    this.view.flags[index] = flags;
    this.draw();
  }

  select(state) {
    this.shown = { selected: new Set(state.selected), current: state.current };
    this.draw();
    const cell = this.drawn.get(state.current);
    if (cell) this.box.setAttribute("aria-activedescendant", cell.box.id);
    else this.box.removeAttribute("aria-activedescendant");
  }

  /** How large the pictures are: the height that rows go by, in px. */
  resize(target) {
    const keep = this.#anchor();
    this.target = target;
    this.lay(keep);
  }

  lay(keep = this.#anchor()) {
    const width = this.box.clientWidth - 2 * GAP;
    if (width <= 0) return;
    this.rows = pack(this.view.shapes, width, Math.min(this.target, width * 0.8), GAP, this.fromEnd);
    this.cells.style.height = `${this.rows.height + GAP}px`;
    if (keep && this.places.has(keep.id)) {
      const at = place(this.rows, this.view.shapes, this.places.get(keep.id), GAP);
      this.box.scrollTop = at.top - keep.offset;
    }
    this.draw(true);
  }

  /** Bring a picture into sight, as little as needed. */
  reveal(id) {
    const index = this.places.get(id);
    if (index === undefined) return;
    const at = place(this.rows, this.view.shapes, index, GAP);
    const { scrollTop, clientHeight } = this.box;
    if (at.top < scrollTop + GAP) this.box.scrollTop = at.top - GAP;
    else if (at.top + at.height > scrollTop + clientHeight - 2 * GAP) {
      this.box.scrollTop = at.top + at.height - clientHeight + 2 * GAP;
    }
    this.draw();
  }

  /** The place above or below a picture's, `steps` rows away. */
  beyond(index, steps) {
    const at = place(this.rows, this.view.shapes, index, GAP);
    const row = Math.max(0, Math.min(this.rows.heights.length - 1, at.row + steps));
    if (row === at.row) return steps < 0 ? 0 : this.view.ids.length - 1;
    return nearest(this.rows, this.view.shapes, row, at.left + at.width / 2, GAP);
  }

  get rowsInSight() {
    const { scrollTop, clientHeight } = this.box;
    return Math.max(1, rowAt(this.rows.tops, scrollTop + clientHeight) - rowAt(this.rows.tops, scrollTop) - 1);
  }

  /** The first picture that is wholly in sight. */
  get firstInSight() {
    const row = rowAt(this.rows.tops, this.box.scrollTop);
    const whole = this.rows.tops[row] >= this.box.scrollTop - 1 || row + 1 >= this.rows.heights.length;
    return this.rows.starts[whole ? row : row + 1] ?? 0;
  }

  /** Draw the cells that are near the window, and no others. */
  draw(all = false) {
    const { scrollTop, clientHeight } = this.box;
    const [first, last, from, to] = this.#range(scrollTop, clientHeight);
    for (const [id] of this.drawn) {
      const index = this.places.get(id);
      if (index === undefined || index < from || index >= to) this.#remove(id);
    }
    forget((id) => this.drawn.has(id));
    const missing = [];
    this.#drawRange(from, to, all, missing);
    askFrom((id) => {
      const n = this.places.get(id) ?? first; // another's relative, in the panel
      return n < first || n >= last ? Infinity : n - first;
    });
    this.#ask(missing);
    this.#look(first, last);
  }

  #drawRange(from, to, all, missing) {
    const { shapes } = this.view;
    for (let row = rowAt(this.rows.starts, from), n = from; n < to; row++) {
      const height = this.rows.heights[row];
      let left = 0;
      for (let m = this.rows.starts[row]; m < n; m++) left += (shapes[m] / 1000) * height + GAP;
      for (; n < this.rows.starts[row + 1] && n < to; n++) {
        const width = (shapes[n] / 1000) * height;
        this.#draw(n, left, this.rows.tops[row], width, height, all, missing);
        left += width + GAP;
      }
    }
  }

  /** Forget what is known of pictures: the server knows better now. */
  refresh() {
    this.items.clear();
    this.asked.clear();
    this.draw();
  }

  #range(scrollTop, clientHeight) {
    if (!this.view.ids.length) return [0, 0, 0, 0];
    const { starts, tops } = this.rows;
    const first = starts[rowAt(tops, scrollTop)];
    const last = starts[rowAt(tops, scrollTop + clientHeight) + 1];
    const from = starts[rowAt(tops, scrollTop - clientHeight)];
    const to = starts[rowAt(tops, scrollTop + 2 * clientHeight) + 1];
    const room = Math.max(0, MOST_CELLS - (last - first)) / 2;
    return [first, last, Math.max(from, Math.ceil(first - room)), Math.min(to, Math.floor(last + room), first + MOST_CELLS)];
  }

  #draw(index, left, top, width, height, all, missing) {
    const id = this.view.ids[index];
    const flags = this.view.flags[index];
    let cell = this.drawn.get(id);
    const isNew = !cell;
    if (isNew) cell = this.#make(id, this.view.tags[index]);
    if (isNew || all || cell.index !== index) {
      const style = cell.box.style;
      style.transform = `translate(${left}px, ${top}px)`;
      style.width = `${width}px`;
      style.height = `${height}px`;
      cell.index = index;
      cell.box.setAttribute("aria-posinset", index + 1);
      cell.box.setAttribute("aria-setsize", this.view.ids.length);
    }
    const selected = this.shown.selected.has(id);
    const current = this.shown.current === id;
    if (cell.selected !== selected || cell.current !== current) {
      cell.box.setAttribute("aria-selected", selected);
      cell.box.classList.toggle("current", current);
      [cell.selected, cell.current] = [selected, current];
    }
    const item = this.items.get(id);
    if (cell.flags !== flags || cell.item !== item) this.#dress(cell, flags, item);
    if (!item) missing.push(id);
  }

  #make(id, tag) {
    const img = h("img", { alt: "", draggable: "false", decoding: "async" });
    const marks = h("div.marks", { "aria-hidden": "true" });
    const box = h("div.cell", { id: `cell-${id}`, role: "option", "aria-selected": "false" }, img, marks);
    const cell = { id, tag, box, img, marks, index: -1, flags: -1, item: undefined, selected: false, current: false };
    box.dataset.id = id;
    this.drawn.set(id, cell);
    thumbnail(id, tag, (url) => {
      if (this.drawn.get(id) !== cell) return;
      if (url) img.src = url;
      box.classList.add(url ? "ready" : "broken");
    });
    this.cells.append(box);
    return cell;
  }

  #dress(cell, flags, item) {
    [cell.flags, cell.item] = [flags, item];
    const stars = starsOf(flags);
    const room = roomOf(flags);
    cell.box.classList.toggle("picked", room === "seeds");
    cell.box.classList.toggle("rejected", room === "rejected" || stars < 0);
    cell.marks.replaceChildren(
      ...(room === "seeds" ? [h("span.badge.pick", {}, icon("pick"))] : []),
      ...(stars > 0 ? [h("span.badge.stars", { "data-stars": String(stars) }, ...Array.from({ length: stars }, () => icon("star")))] : []),
      ...(isStack(flags) ? [h("span.badge.stacked", {}, icon("stack"))] : []),
      ...(isSeen(flags) ? [] : [h("span.fresh", {})]),
    );
    cell.img.alt = item ? alt(item, flags) : "…"; // an option has a name, also before it is known
    cell.box.title = item?.trouble ? `${t("alt.unread")}: ${item.trouble}` : (item?.prompt ?? "");
  }

  #remove(id) {
    const cell = this.drawn.get(id);
    cell.box.remove();
    this.drawn.delete(id);
    this.inSight.delete(id);
  }

  /** Ask for what is said of pictures, those in sight together. */
  #ask(ids) {
    const wanted = ids.filter((id) => !this.asked.has(id));
    if (!wanted.length) return;
    wanted.forEach((id) => this.asked.add(id));
    clearTimeout(this.asking);
    this.asking = setTimeout(async () => {
      const some = [...this.asked].filter((id) => this.drawn.has(id));
      this.asked.clear();
      try {
        for (let n = 0; n < some.length; n += 200) {
          for (const item of await get(`/api/items?ids=${some.slice(n, n + 200).join(",")}`)) {
            this.items.set(item.id, item);
          }
        }
      } catch {
        return; // the page says that the server does not answer
      }
      while (this.items.size > 4 * MOST_CELLS) this.items.delete(this.items.keys().next().value);
      this.draw();
    }, 40);
  }

  /** Note which pictures are in sight for long enough to count as seen. */
  #look(first, last) {
    const now = performance.now();
    const there = new Set(this.view.ids.subarray(first, last));
    for (const id of this.inSight.keys()) if (!there.has(id)) this.inSight.delete(id);
    for (const id of there) if (!this.inSight.has(id)) this.inSight.set(id, now);
    clearTimeout(this.looking);
    this.looking = setTimeout(() => {
      if (document.visibilityState !== "visible") return;
      const seen = [...this.inSight.keys()].filter((id) => {
        const cell = this.drawn.get(id);
        return cell?.box.classList.contains("ready") && !isSeen(this.view.flags[cell.index]);
      });
      if (seen.length) this.on.seen(seen);
    }, SEEN_AFTER_MS);
  }

  /** The picture that must not move: the current one if it is in sight, else the first that is. */
  #anchor() {
    if (!this.view.ids.length) return null;
    const { scrollTop, clientHeight } = this.box;
    const offset = (index) => place(this.rows, this.view.shapes, index, GAP).top - scrollTop;
    const current = this.places.get(this.shown.current);
    if (current !== undefined) {
      const at = offset(current);
      if (at > -this.target && at < clientHeight) return { id: this.shown.current, offset: at };
    }
    const index = Math.min(this.firstInSight, this.view.ids.length - 1);
    return { id: this.view.ids[index], offset: offset(index) };
  }

  #listen() {
    const idOf = (event) => {
      const cell = event.target.closest?.(".cell");
      return cell ? Number(cell.dataset.id) : null;
    };
    this.cells.addEventListener("click", (event) => {
      const id = idOf(event);
      if (id !== null) this.on.choose(id, event);
    });
    this.cells.addEventListener("dblclick", (event) => {
      const id = idOf(event);
      if (id !== null) this.on.open(id);
    });
  }
}

/** What a screen reader says of a picture: its prompt, and its marks. */
export function alt(item, flags) {
  const room = roomOf(flags);
  const parts = [item.prompt || item.path.split("/").pop() || t("alt.none")];
  if (item.trouble) parts.push(t("alt.unread"));
  if (room === "seeds") parts.push(t("alt.picked"));
  if (room === "rejected") parts.push(t("alt.rejected"));
  if (starsOf(flags) > 0) parts.push(t("alt.stars", { n: number(starsOf(flags)) }));
  if (isStack(flags)) parts.push(t("alt.stack"));
  return parts.join(", ");
}
