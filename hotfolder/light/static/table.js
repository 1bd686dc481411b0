// The state of the page: which pictures, what is selected, and every act, in the order of the keys.
import { get, NONE, post, roomOf, SEEN, starsOf, view, withRoom, withStars } from "./api.js";
import { follow, back, nothing } from "./selection.js";

const TARGETS = { pick: "seeds", reject: "rejected", unmark: "drafts" };
const ROOMS_OF = { table: ["drafts", "seeds"], all: ["drafts", "seeds", "final", "rejected"] };

export class Table {
  constructor() {
    this.question = { room: "table", order: "newest" };
    this.view = NONE;
    this.selection = nothing;
    this.opened = new Set();
    this.work = Promise.resolve(); // acts, one after the other
    this.waiting = 0;
    this.listeners = { view: [], selection: [], told: [], state: [] };
    this.loading = null;
    this.undoing = null; // the last undo that has not come back
    this.stale = false;
  }

  on(event, listener) {
    this.listeners[event].push(listener);
  }

  emit(event, ...values) {
    for (const listener of this.listeners[event]) listener(...values);
  }

  /** Where a picture is in the order; -1 if it is not. */
  indexOf(id) {
    return id === null ? -1 : this.view.ids.indexOf(id);
  }

  /** The picture that became current when another one went, or null. */
  nextOf(id) {
    return this.view.ids.length && this.selection.current !== id ? this.selection.current : null;
  }

  select(state) {
    this.selection = state;
    this.emit("selection", state);
  }

  /** Ask for other pictures. */
  async ask(question) {
    this.question = question;
    this.opened.clear();
    await this.load();
  }

  /** Ask again what there is; asked for meanwhile, it is asked once more afterwards. */
  load() {
    if (this.loading) {
      this.stale = true;
      return this.loading;
    }
    this.loading = this.#load().finally(() => {
      this.loading = null;
      if (this.stale) {
        this.stale = false;
        return this.load();
      }
    });
    return this.loading;
  }

  async #load() {
    const found = await this.#answer();
    if (this.waiting) return; // acts are under way: what they make of it is asked for afterwards
    this.#take(found);
  }

  #answer() {
    const opened = this.opened.size ? { opened: [...this.opened].join(",") } : {};
    return view({ ...this.question, ...opened });
  }

  #take(found) {
    const before = this.view.ids;
    this.view = found;
    this.selection = follow(this.selection, before, found.ids);
    this.emit("view", found);
    this.select(this.selection);
  }

  /** Do something to what is selected. It shows at once; the folders follow. */
  act(act, ids = this.selection.selected, stars = 0) {
    if (!ids.length) return this.work;
    const wanted = new Set(ids);
    const changed = Array.from(this.view.ids).filter((id, n) => wanted.has(id) && this.#concerns(act, this.view.flags[n]));
    this.#expect(act, wanted, stars);
    this.waiting += 1;
    this.work = this.work
      .then(() => post("/api/act", { act, ids: [...ids], stars }))
      .then((done) => this.emit("told", act, done, changed))
      .catch((error) => this.emit("told", act, { ids: [], troubles: error.says ?? [error.message] }, changed))
      .then(() => this.#done());
    return this.work;
  }

  /** Take the last act back, and select what came back. */
  undo() {
    this.waiting += 1;
    this.work = this.work
      .then(() => post("/api/undo"))
      .then(async (done) => {
        if (done) {
          this.#take(await this.#answer());
          this.select(back(this.selection, this.view.ids, done.ids));
        }
        this.emit("told", "undo", done, done?.ids ?? []);
      })
      .catch((error) => this.emit("told", "undo", { ids: [], troubles: error.says ?? [error.message] }, []))
      .then(() => this.#done());
    return this.work;
  }

  /** Run a command, after the undos before it have come back: they decide what is selected. */
  inTurn(command, isUndo) {
    if (!this.undoing && !isUndo) return command();
    const mine = (this.undoing ?? Promise.resolve()).then(command);
    this.undoing = mine;
    mine.finally(() => {
      if (this.undoing === mine) this.undoing = null;
    });
  }

  async #done() {
    this.waiting -= 1;
    this.emit("state");
    if (!this.waiting) await this.load().catch(() => {});
  }

  /** Whether an act does anything to a picture with these flags. */
  #concerns(act, flags) {
    const room = roomOf(flags);
    return !(TARGETS[act] && (room === "final" || room === TARGETS[act]));
  }

  /** Show what an act will have done. */
  #expect(act, wanted, stars) {
    const { view: now } = this;
    const rooms = ROOMS_OF[this.question.room] ?? [this.question.room];
    const keep = [];
    const flags = now.flags.slice();
    now.ids.forEach((id, n) => {
      if (wanted.has(id) && this.#concerns(act, flags[n])) {
        if (act === "rate") flags[n] = withStars(flags[n], stars);
        if (act === "unmark" && starsOf(flags[n])) flags[n] = withStars(flags[n], 0);
        if (TARGETS[act] && roomOf(flags[n]) !== "final") flags[n] = withRoom(flags[n], TARGETS[act]);
        if (act === "delete" || (TARGETS[act] && !rooms.includes(roomOf(flags[n])))) return;
      }
      keep.push(n);
    });
    const kept = ([name, part]) => [name, part.constructor.from(keep, (n) => part[n])];
    this.#take(Object.fromEntries(Object.entries({ ...now, flags }).map(kept)));
  }

  /** Pictures were looked at. */
  saw(ids) {
    const wanted = new Set(ids);
    this.view.ids.forEach((id, n) => {
      if (wanted.has(id)) this.view.flags[n] |= SEEN;
    });
    post("/api/seen", { ids: [...ids] }).catch(() => {});
  }

  /** What the server says of one picture. */
  async item(id) {
    const [item] = await get(`/api/items?ids=${id}`);
    return item ?? null;
  }

  /** Whether nothing is under way. For tests, and for whoever closes the page. */
  async settled() {
    while (this.waiting || this.loading || this.undoing) {
      await Promise.all([this.work, this.loading, this.undoing]);
      await new Promise((then) => setTimeout(then));
    }
  }
}
