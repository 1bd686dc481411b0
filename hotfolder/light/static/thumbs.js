// Thumbnails: asked for together, those in sight first; as many kept as a few screens need.
import { bytes } from "./api.js";

const MOST = 1500;
const TOGETHER = 48;
const NEVER = 0xffffffff;
const kept = new Map(); // "id.tag" -> address of a blob, or null for a picture that cannot be read
let wanted = []; // [id, key, tell], the most urgent last
let distance = () => 0; // how far a picture is from where one looks first; Infinity: out of sight
let asking = 0;
let again = null;

/** Give the thumbnail of a picture to `tell` as soon as it is there: an address, or null. */
export function thumbnail(id, tag, tell) {
  const key = `${id}.${tag}`;
  if (kept.has(key)) {
    const url = kept.get(key);
    kept.delete(key); // it moves to the end: the least used go first
    kept.set(key, url);
    tell(url);
    return;
  }
  wanted.push([id, key, tell]);
  schedule();
}

/** Pictures went out of sight: their thumbnails need not be asked for. */
export function forget(isWanted) {
  wanted = wanted.filter(([id]) => isWanted(id));
}

/** Pictures in sight are made first, the first of them before all others: `by` is `distance`. */
export function askFrom(by) {
  distance = by;
  inOrder();
}

function inOrder() {
  const far = new Map(wanted.map((one) => [one, Math.min(distance(one[0]), 1e9)]));
  wanted.sort((a, b) => far.get(b) - far.get(a));
}

/** Some were made since: ask for what is missing now. */
export function tryAgain() {
  clearTimeout(again);
  again = null;
  inOrder();
  schedule();
}

function goOn() {
  again = null;
  schedule();
}

function schedule() {
  if (asking < 2 && again === null && wanted.length) queueMicrotask(ask);
}

async function ask() {
  if (asking >= 2 || again !== null || !wanted.length) return;
  const some = wanted.splice(-TOGETHER);
  const beyond = some.filter(([id]) => distance(id) === Infinity);
  const ids = [...beyond, ...some.filter((one) => !beyond.includes(one))].map(([id]) => id);
  asking += 1;
  try {
    const data = await bytes(`/thumbnails?ids=${ids.join(",")}&beyond=${beyond.length}`);
    const missing = take(data, some);
    wanted.unshift(...missing);
    if (missing.length === some.length) again = setTimeout(goOn, 200);
  } catch {
    wanted.unshift(...some);
    again = setTimeout(goOn, 1000);
  } finally {
    asking -= 1;
    schedule();
  }
}

function take(data, some) {
  const head = new DataView(data);
  const count = head.getUint32(0, true);
  const found = new Map();
  let at = 4 + 8 * count;
  for (let n = 0; n < count; n++) {
    const id = head.getUint32(4 + 8 * n, true);
    const size = head.getUint32(8 + 8 * n, true);
    if (size === NEVER) found.set(id, null);
    else if (size) found.set(id, new Blob([new Uint8Array(data, at, size)], { type: "image/jpeg" }));
    at += size === NEVER ? 0 : size;
  }
  const missing = [];
  for (const entry of some) {
    const [id, key, tell] = entry;
    if (!found.has(id)) {
      missing.push(entry);
      continue;
    }
    if (!kept.has(key)) keep(key, found.get(id) && URL.createObjectURL(found.get(id)));
    tell(kept.get(key));
  }
  return missing;
}

function keep(key, url) {
  kept.set(key, url);
  if (kept.size <= MOST) return;
  const [oldest, address] = kept.entries().next().value;
  kept.delete(oldest);
  if (address) URL.revokeObjectURL(address);
}
