// What is selected, and what is after anything that happens. Pure: orders of ids in, state out.
//
// `current` is the picture that keys go from; it is always one of `selected` unless that is empty.
// Whatever takes the current picture away makes the next one that is left current, and it alone
// selected; where none follows, the one before.

export const nothing = Object.freeze({ current: null, anchor: null, selected: Object.freeze([]) });

const only = (id) => (id === null ? nothing : { current: id, anchor: id, selected: [id] });

/** Select the picture at a place of the order; with `extend` all from the anchor to there. */
export function go(state, order, index, extend = false) {
  if (!order.length) return nothing;
  const id = order[Math.max(0, Math.min(order.length - 1, index))];
  if (!extend || state.anchor === null) return only(id);
  const [a, b] = [order.indexOf(state.anchor), order.indexOf(id)].sort((x, y) => x - y);
  if (a < 0) return only(id);
  return { current: id, anchor: state.anchor, selected: Array.from(order.slice(a, b + 1)) };
}

/** Add a picture to the selection, or take it out. */
export function toggle(state, id) {
  const has = state.selected.includes(id);
  const selected = has ? state.selected.filter((other) => other !== id) : [...state.selected, id];
  return { current: id, anchor: id, selected: selected.length ? selected : [id] };
}

/** Select everything; where the current picture is stays. */
export function all(state, order) {
  if (!order.length) return nothing;
  const current = state.current ?? order[0];
  return { current, anchor: order[0], selected: Array.from(order) };
}

/** Select the current picture alone. */
export const one = (state) => only(state.current);

/** What is selected when `before` has become `after`, another order of perhaps other pictures. */
export function follow(state, before, after) {
  if (state.current === null) return nothing;
  const left = new Set(after);
  if (left.has(state.current)) {
    const selected = state.selected.filter((id) => left.has(id));
    const anchor = left.has(state.anchor) ? state.anchor : state.current;
    return { current: state.current, anchor, selected: selected.length ? selected : [state.current] };
  }
  const at = before.indexOf(state.current);
  for (let n = at + 1; n < before.length; n++) if (left.has(before[n])) return only(before[n]);
  for (let n = at - 1; n >= 0; n--) if (left.has(before[n])) return only(before[n]);
  return nothing;
}

/** What is selected after these came back, in the order that holds now. */
export function back(state, order, ids) {
  const wanted = new Set(ids);
  const found = Array.from(order).filter((id) => wanted.has(id));
  return found.length ? { current: found[0], anchor: found[0], selected: found } : state;
}
