// Thumbnails: asked for together, those in sight first; as many kept as a few screens need.
import { bytes } from "./api.js";

const MOST = 1500;
const TOGETHER = 48;
const NEVER = 0xffffffff;
const kept = new Map(); // "id.tag" -> address of a blob, or null for a picture that cannot be read
let wanted = []; // [id, key, tell], the most urgent last
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

/** Some were made since: ask for what is missing now. */
export function tryAgain() {
  clearTimeout(again);
  again = null;
  schedule();
}

function schedule() {
  if (asking < 2 && again === null && wanted.length) queueMicrotask(ask);
}

async function ask() {
  if (asking >= 2 || again !== null || !wanted.length) return;
  const some = wanted.splice(-TOGETHER);
  asking += 1;
  try {
    const data = await bytes(`/thumbnails?ids=${some.map(([id]) => id).join(",")}`);
    const missing = take(data, some);
    wanted.unshift(...missing);
    if (missing.length === some.length) again = setTimeout(tryAgain, 200);
  } catch {
    wanted.unshift(...some);
    again = setTimeout(tryAgain, 1000);
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
