// What a gallery can do beyond plain pages: full screen, search, and a wipe between draft and final.
(() => {
  "use strict";
  const { pictures, suffixes, words } = window.gallery;
  const root = document.body.dataset.root;
  const places = new Map(pictures.map(([id], place) => [id, place]));
  const said = (key, values = {}) =>
    Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), words[key]);
  const alt = (place) => pictures[place][3] || said("js_picture", { number: place + 1 });
  const small = (id, suffix) => `${root}pictures/${id}-small.${suffix}`;

  // Full screen

  let shown = []; // the places of the pictures that one can go through
  const lightbox = new window.PhotoSwipeLightbox({
    pswpModule: window.PhotoSwipe,
    bgOpacity: 1,
    closeTitle: words.js_close,
    zoomTitle: words.js_zoom,
    arrowPrevTitle: words.js_previous,
    arrowNextTitle: words.js_next,
    errorMsg: words.js_error,
  });
  lightbox.addFilter("numItems", () => shown.length);
  lightbox.addFilter("itemData", (_, at) => {
    const [id, width, height] = pictures[shown[at]];
    return { id, width, height, src: `${root}pictures/${id}.jpg`, msrc: small(id, "jpg"), alt: alt(shown[at]) };
  });
  lightbox.addFilter("thumbEl", (_, { id }) => document.querySelector(`main a[data-id="${id}"] img`));
  lightbox.on("uiRegister", () => {
    lightbox.pswp.element.ariaLabel = document.querySelector("h1").textContent;
    lightbox.pswp.ui.registerElement({
      name: "about",
      tagName: "a",
      order: 9,
      isButton: true,
      html: words.js_about,
      onInit: (link, pswp) => {
        const follow = () => { link.href = `${root}picture/${pswp.currSlide.data.id}.html`; };
        pswp.on("change", follow);
      },
    });
  });
  lightbox.init();

  document.addEventListener("click", (event) => {
    const link = event.target.closest("main a[data-id]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    if (!places.has(link.dataset.id)) return;
    event.preventDefault();
    const list = link.closest(".wall");
    const links = list ? [...list.querySelectorAll("a[data-id]")] : [link];
    shown = list?.dataset.all === undefined
      ? links.map((one) => places.get(one.dataset.id))
      : found ?? pictures.map((_, place) => place);
    lightbox.loadAndOpen(shown.indexOf(places.get(link.dataset.id)));
  });

  // Search

  const AT_ONCE = 200;
  const wall = document.getElementById("wall");
  const search = document.getElementById("search");
  const before = wall ? [...wall.children] : [];
  let found = null; // the places of what was found; null while nothing is looked for

  const cell = (place) => {
    const [id, width, height] = pictures[place];
    const item = document.createElement("li");
    item.className = `r${Math.max(20, Math.min(600, 2 * Math.round((50 * width) / height)))}`;
    const link = item.appendChild(document.createElement("a"));
    link.href = `${root}picture/${id}.html`;
    link.dataset.id = id;
    const picture = link.appendChild(document.createElement("picture"));
    for (const suffix of suffixes.slice(0, -1)) {
      const source = picture.appendChild(document.createElement("source"));
      source.type = `image/${suffix}`;
      source.srcset = small(id, suffix);
    }
    const image = picture.appendChild(document.createElement("img"));
    Object.assign(image, { width, height, alt: alt(place), loading: "lazy", decoding: "async" });
    image.src = small(id, "jpg");
    return item;
  };
  const hang = (count) => {
    document.getElementById("more")?.remove();
    wall.replaceChildren(...(found ? found.slice(0, count).map(cell) : before));
    if (found && found.length > count) {
      const more = document.createElement("button");
      Object.assign(more, { id: "more", type: "button", textContent: words.js_more });
      more.addEventListener("click", () => {
        hang(count + AT_ONCE);
        wall.children[count].firstElementChild.focus({ preventScroll: true });
      });
      wall.after(more);
    }
  };
  const look = (text) => {
    const asked = text.normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean);
    found = asked.length
      ? pictures.flatMap((row, place) => (asked.every((word) => row[3].includes(word)) ? [place] : []))
      : null;
    hang(AT_ONCE);
    document.getElementById("found").textContent = !found
      ? ""
      : found.length ? said("js_found", { count: found.length.toLocaleString() }) : words.js_none;
    const pages = document.getElementById("pages");
    if (pages) pages.hidden = Boolean(found);
  };
  if (search && wall) {
    search.hidden = false;
    search.addEventListener("submit", (event) => event.preventDefault());
    let waiting = 0;
    search.addEventListener("input", (event) => {
      clearTimeout(waiting);
      waiting = setTimeout(look, 120, event.target.value);
    });
  }

  // Draft and final

  for (const wipe of document.querySelectorAll(".wipe")) {
    const [over, slider] = [wipe.querySelector(".over"), wipe.querySelector("input")];
    const show = () => { over.style.clipPath = `inset(0 ${100 - slider.value}% 0 0)`; };
    slider.addEventListener("input", show);
    show();
    wipe.hidden = false;
  }

  // The keys of the lightbox, on a picture's own page

  document.addEventListener("keydown", (event) => {
    if (document.querySelector(".pswp") || event.target.closest("input") || event.altKey || event.ctrlKey) return;
    const rel = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
    document.querySelector(`a[rel="${rel}"]`)?.click();
  });
})();
