// Questions to the server. A refusal is an Error whose message is a sentence.

export class Refusal extends Error {
  constructor(status, says) {
    super(says.join("\n"));
    this.status = status;
    this.says = says;
  }
}

async function answered(response) {
  if (response.ok) return response;
  let says;
  try {
    ({ says } = await response.json());
  } catch {
    says = [response.statusText];
  }
  throw new Refusal(response.status, says);
}

export const get = async (path) => (await answered(await fetch(path))).json();
export const bytes = async (path, signal) => (await answered(await fetch(path, { signal }))).arrayBuffer();
export async function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  return (await answered(await fetch(path, { method: "POST", headers, body: JSON.stringify(body ?? null) }))).json();
}

/** The pictures that a question asks for: {ids, tags, shapes, flags, stacks}, one entry each. */
export async function view(question) {
  const data = await bytes(`/api/view?${new URLSearchParams(question)}`);
  const count = new DataView(data).getUint32(0, true);
  let at = 4;
  const take = (Kind) => new Kind(data.slice(at, (at += count * Kind.BYTES_PER_ELEMENT)));
  return { ids: take(Uint32Array), tags: take(Uint32Array), stacks: take(Uint32Array), shapes: take(Uint16Array), flags: take(Uint8Array) };
}

/** A list of no pictures. */
export const NONE = Object.freeze({ ids: new Uint32Array(), tags: new Uint32Array(), stacks: new Uint32Array(), shapes: new Uint16Array(), flags: new Uint8Array() });

export const starsOf = (flags) => (flags & 7) - 1;
export const ROOMS = ["drafts", "seeds", "final", "rejected"];
export const roomOf = (flags) => ROOMS[(flags >> 3) & 3];
export const isSeen = (flags) => (flags & 32) !== 0;
export const isStack = (flags) => (flags & 64) !== 0;
export const SEEN = 32;
export const withStars = (flags, stars) => (flags & ~7) | (stars + 1);
export const withRoom = (flags, room) => (flags & ~24) | (ROOMS.indexOf(room) << 3);
