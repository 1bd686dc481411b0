// News from the server, and how it is noticed that none can come: it ended, or one of both slept.

const SILENT_MS = 30_000; // the server says something every ten seconds
const LOOKS_MS = 5_000;
const AGAIN_MS = 10_000;

/** `on` has a function for each kind of news, and heard(), lost() and out(). Never ends. */
export function listen(on) {
  let events;
  let heard;
  let since; // when this connection was begun

  const connect = () => {
    since = Date.now();
    events = new EventSource("/events");
    for (const kind of ["hello", "beat", ...Object.keys(on)]) {
      events.addEventListener(kind, (event) => {
        if (event.data === undefined) return; // "error" is the connection's own
        heard = Date.now();
        if (kind === "hello") on.heard();
        on[kind]?.(JSON.parse(event.data));
      });
    }
    events.addEventListener("error", async () => {
      if (events.readyState !== EventSource.CLOSED) return on.lost();
      const answer = await fetch("/api/facets").catch(() => null);
      if (answer?.status === 403) return on.out();
      on.lost();
      setTimeout(connect, 2000);
    });
  };

  heard = Date.now();
  connect();
  setInterval(() => {
    const now = Date.now();
    if (now - heard < SILENT_MS || events.readyState === EventSource.CLOSED) return;
    on.lost();
    if (now - since < AGAIN_MS) return;
    events.close();
    connect();
  }, LOOKS_MS);
}
