// Pictures in full size: one, two to four beside each other, champion and challenger, a wipe.
//
// All panes share one zoom and one place: what is looked at in one is looked at in all.
import { button, h } from "./dom.js";
import { t } from "./words.js";

const MOST_ZOOM = 16;

export class Viewer {
  /** `on` has walk(from, step) -> id, item(id), acts (buttons) and closed(id). */
  constructor(on) {
    this.on = on;
    this.box = null;
  }

  get isOpen() {
    return this.box !== null;
  }

  /** Show these pictures; `mode` is one, compare, champion or wipe; `says` stands above them. */
  open(ids, mode = "one", says = null) {
    this.mode = mode;
    this.says = says;
    this.ids = ids;
    this.focus = mode === "champion" ? 1 : 0;
    this.zoom = { scale: 0, x: 0.5, y: 0.5 }; // 0: the whole picture
    this.cut = 0.5;
    if (!this.box) this.#build();
    this.#show();
    this.panes.focus({ preventScroll: true });
  }

  close() {
    if (!this.box) return;
    this.box.remove();
    this.box = null;
    this.on.closed(this.ids[this.focus]);
  }

  /** The picture that acts go to. */
  get current() {
    return this.ids[this.focus];
  }

  get all() {
    return this.mode === "compare" ? this.ids : [this.current];
  }

  /** Another picture in the pane that has the focus. */
  walk(step) {
    if (this.mode === "compare") {
      this.focus = (this.focus + step + this.ids.length) % this.ids.length;
      this.#show();
      return;
    }
    if (this.mode === "wipe") {
      this.finals.push(...this.finals.splice(0, step < 0 ? this.finals.length - 1 : 1));
      this.ids = [this.ids[0], this.finals[0]];
      this.#show();
      return;
    }
    let id = this.on.walk(this.current, step);
    if (this.mode === "champion" && id === this.ids[0]) id = this.on.walk(id, step);
    if (id === null || id === this.current || (this.mode === "champion" && id === this.ids[0])) return;
    this.ids[this.focus] = id;
    this.#show();
  }

  /** The picture in a pane has gone: another takes its place, or the view ends. */
  replace(id, by) {
    const at = this.ids.indexOf(id);
    if (at < 0) return;
    if (this.mode === "compare" && this.ids.length > 2) {
      this.ids.splice(at, 1);
      this.focus = Math.min(this.focus, this.ids.length - 1);
    } else if (by === null || (this.mode !== "one" && this.ids.includes(by))) {
      const left = this.ids.filter((other) => other !== id);
      if (by === null && !left.length) return this.close();
      [this.mode, this.ids, this.focus] = ["one", [left[0] ?? by], 0];
    } else this.ids[at] = by;
    this.#show();
  }

  swap() {
    if (this.mode !== "champion") return;
    this.ids.reverse();
    this.#show();
  }

  /** The whole picture, or one pixel of it on one of the screen. */
  toggleZoom(x = 0.5, y = 0.5) {
    this.zoom = this.zoom.scale ? { scale: 0, x: 0.5, y: 0.5 } : { scale: 1 / devicePixelRatio, x, y };
    this.#place();
  }

  /** Marks may have changed. */
  refresh() {
    if (this.box) this.#caption();
  }

  #build() {
    this.panes = h("div.panes", { tabindex: "-1" });
    this.title = h("p.caption", {});
    this.modes = h("div.modes", {});
    this.tools = h("div.tools", {});
    this.box = h(
      "div.viewer", { role: "dialog", "aria-modal": "true", "aria-label": t("viewer.label") },
      h("header", {}, this.modes, this.title, button("close", t("close"), () => this.close())),
      this.panes,
      h("footer", {}, button("previous", t("viewer.previous"), () => this.walk(-1)), this.tools, button("next", t("viewer.next"), () => this.walk(1))),
    );
    this.#gestures();
    document.body.append(this.box);
    new ResizeObserver(() => this.#place()).observe(this.panes);
  }

  async #show() {
    const ids = [...this.ids];
    const items = await Promise.all(ids.map((id) => this.on.item(id)));
    if (!this.box || ids.join() !== this.ids.join()) return;
    const old = new Map([...this.panes.querySelectorAll(".pane")].map((pane) => [pane.dataset.key, pane]));
    const panes = items.map((item, at) => {
      const key = item ? `${item.id}.${item.digest}` : `${ids[at]}`;
      const pane = old.get(key) ?? this.#pane(key, item);
      pane.classList.toggle("focused", ids.length > 1 && this.mode !== "wipe" && at === this.focus);
      return pane;
    });
    this.items = items;
    this.panes.className = `panes mode-${this.mode} many-${ids.length}`;
    const same = panes.length === this.panes.children.length && panes.every((pane, at) => pane === this.panes.children[at]);
    if (!same || this.mode === "wipe") this.panes.replaceChildren(...panes, ...(this.mode === "wipe" ? [this.#line()] : []));
    this.#caption();
    this.#place();
    this.on.shown(ids);
  }

  #pane(key, item) {
    const pane = h("div.pane", {});
    pane.dataset.key = key;
    const img = h("img", { alt: item?.prompt || item?.path || t("alt.none"), draggable: "false" });
    if (item) img.src = item.address ?? `/picture/${item.id}?v=${item.digest || item.mtime}`;
    img.addEventListener("load", () => this.#place());
    pane.append(img);
    pane.addEventListener("pointerdown", () => {
      const at = [...this.panes.querySelectorAll(".pane")].indexOf(pane);
      if (this.mode === "compare" && at >= 0 && at !== this.focus) {
        this.focus = at;
        this.#show();
      }
    });
    return pane;
  }

  #line() {
    const line = h("input.line", { type: "range", min: "0", max: "1000", value: String(this.cut * 1000), "aria-label": t("viewer.wipe") });
    line.addEventListener("input", () => {
      this.cut = Number(line.value) / 1000;
      this.#place();
    });
    return line;
  }

  #caption() {
    const item = this.items?.[this.focus];
    const says = { champion: "viewer.champion_says", wipe: "viewer.wipe_says" }[this.mode];
    this.title.textContent = this.says ? this.says : says ? t(says) : (item?.prompt || item?.path.split("/").pop() || "");
    this.title.title = item?.prompt ?? "";
    this.tools.replaceChildren(...this.on.tools(this));
    this.modes.replaceChildren(...this.on.modes(this));
  }

  /** Put all pictures where the shared zoom wants them. */
  #place() {
    if (!this.box) return;
    const wipe = this.mode === "wipe";
    this.panes.style.setProperty("--cut", `${this.cut * 100}%`);
    this.panes.querySelectorAll(".pane").forEach((pane, at) => {
      const img = pane.firstElementChild;
      const [width, height] = [pane.clientWidth, pane.clientHeight];
      const natural = [img.naturalWidth || 1, img.naturalHeight || 1];
      const fit = Math.min(width / natural[0], height / natural[1]);
      const first = this.panes.querySelector(".pane img");
      const base = wipe && first.naturalWidth ? Math.min(width / first.naturalWidth, height / first.naturalHeight) * first.naturalWidth : natural[0] * fit;
      const whole = wipe ? base / natural[0] : Math.min(fit, 4);
      const scale = this.zoom.scale ? (wipe ? whole * (this.zoom.scale / fit) : this.zoom.scale) : whole;
      const [w, hgt] = [natural[0] * scale, natural[1] * scale];
      const at_ = (size, room, where) => (size <= room ? (room - size) / 2 : Math.min(0, Math.max(room - size, room / 2 - size * where)));
      img.style.width = `${w}px`;
      img.style.height = `${hgt}px`;
      img.style.transform = `translate(${at_(w, width, this.zoom.x)}px, ${at_(hgt, height, this.zoom.y)}px)`;
      img.classList.toggle("pixels", this.zoom.scale * devicePixelRatio >= 2.5);
      if (wipe && at === 1) pane.classList.add("over");
    });
    this.box.classList.toggle("zoomed", this.zoom.scale > 0);
  }

  #gestures() {
    const touches = new Map();
    let start = null;
    const paneAt = (event) => event.target.closest?.(".pane") ?? this.panes.querySelector(".pane");
    const scaleNow = () => {
      const img = paneAt({ target: this.panes })?.firstElementChild;
      return this.zoom.scale || (img ? parseFloat(img.style.width) / (img.naturalWidth || 1) : 1);
    };
    const zoomBy = (factor, event) => {
      const pane = paneAt(event);
      const img = pane.firstElementChild;
      const box = img.getBoundingClientRect();
      const scale = Math.min(MOST_ZOOM, scaleNow() * factor);
      const fit = Math.min(pane.clientWidth / img.naturalWidth, pane.clientHeight / img.naturalHeight);
      if (scale <= Math.min(fit, 4) * 1.001) this.zoom = { scale: 0, x: 0.5, y: 0.5 };
      else {
        const at = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
        const room = pane.getBoundingClientRect();
        // The point under the pointer stays there.
        this.zoom = {
          scale,
          x: at[0] + (room.left + room.width / 2 - event.clientX) / (img.naturalWidth * scale),
          y: at[1] + (room.top + room.height / 2 - event.clientY) / (img.naturalHeight * scale),
        };
      }
      this.#place();
    };
    this.panes.addEventListener("wheel", (event) => {
      event.preventDefault();
      zoomBy(Math.exp(-event.deltaY / 400), event);
    }, { passive: false });
    this.panes.addEventListener("dblclick", (event) => {
      const box = paneAt(event).firstElementChild.getBoundingClientRect();
      this.toggleZoom((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    });
    this.panes.addEventListener("pointerdown", (event) => {
      if (event.target.closest("input")) return;
      touches.set(event.pointerId, event);
      this.panes.setPointerCapture(event.pointerId);
      start = { x: event.clientX, y: event.clientY, zoom: { ...this.zoom }, at: event.timeStamp };
    });
    this.panes.addEventListener("pointermove", (event) => {
      const before = touches.get(event.pointerId);
      if (!before) return;
      if (touches.size === 2) {
        const [other] = [...touches.values()].filter((touch) => touch.pointerId !== event.pointerId);
        const far = (touch) => Math.hypot(touch.clientX - other.clientX, touch.clientY - other.clientY) || 1;
        zoomBy(far(event) / far(before), event);
        start = null;
      } else if (this.zoom.scale) {
        const img = paneAt(event).firstElementChild;
        const size = [img.naturalWidth * this.zoom.scale, img.naturalHeight * this.zoom.scale];
        const clamp = (value) => Math.min(1, Math.max(0, value));
        this.zoom.x = clamp(this.zoom.x - (event.clientX - before.clientX) / size[0]);
        this.zoom.y = clamp(this.zoom.y - (event.clientY - before.clientY) / size[1]);
        this.#place();
      }
      touches.set(event.pointerId, event);
    });
    const end = (event) => {
      touches.delete(event.pointerId);
      if (!start || event.type === "pointercancel") return;
      const [dx, dy] = [event.clientX - start.x, event.clientY - start.y];
      const isSwipe = event.pointerType === "touch" && !start.zoom.scale && event.timeStamp - start.at < 600;
      if (isSwipe && Math.abs(dx) > 50 && Math.abs(dx) > 2 * Math.abs(dy)) this.walk(dx < 0 ? 1 : -1);
      else if (isSwipe && dy > 90 && dy > 2 * Math.abs(dx)) this.close();
      start = null;
    };
    this.panes.addEventListener("pointerup", end);
    this.panes.addEventListener("pointercancel", end);
  }
}
