// The photos of the session: taken in, shown as thumbnails with their state.

import { Gone, Refused, ask, askJson, sendPhoto } from "./server.js";

const WORDS = { waiting: "waiting", ready: "in color", failed: "not readable", stopped: "left gray" };
const FILM_WORDS = {
  untouched: "not in color yet",
  queued: "waiting",
  colouring: "being colored",
  stopped: "stopped",
  broken: "failed",
  done: "in color",
};

/** The strip of thumbnails; `chosen(id)` is told which one a person wants to see. */
export class Strip {
  constructor(element, chosen) {
    this.element = element;
    this.chosen = chosen;
    this.tiles = new Map();
    element.addEventListener("keydown", (event) => this.#key(event));
    // Pictures are fetched once they come near, so that hundreds of photos scroll smoothly.
    this.observer = new IntersectionObserver((entries) => entries.forEach((entry) => this.#seen(entry)), {
      root: element,
      rootMargin: "0px 400px",
    });
  }

  /** Show a photo as it stands now, as the server describes it; a new one comes before the photo `next`, if that is
   *  there, or else last. */
  update(photo, next = null) {
    const tile = this.tiles.get(photo.id) ?? this.#add(photo, next);
    tile.dataset.state = photo.state;
    tile.title = photo.sentence || photo.name;
    const is = photo.film && photo.state !== "failed" ? `film, ${FILM_WORDS[photo.film.stage]}` : WORDS[photo.state];
    tile.setAttribute("aria-label", `${photo.name}, ${is}${photo.hints.length ? ", with hints" : ""}`);
    if (photo.film) tile.dataset.stage = photo.film.stage;
    tile.source = "";
    if (photo.state === "ready") tile.source = `photos/${photo.id}/thumbnail?version=${photo.version}`;
    else if (!photo.film && !photo.file && photo.state !== "failed") tile.source = `photos/${photo.id}/thumbnail?gray=1`;
    this.#fetch(tile);
  }

  #seen({ target, isIntersecting }) {
    target.isNear = isIntersecting;
    this.#fetch(target);
  }

  /** Fetch the picture of a tile that is near, unless it is there. */
  #fetch(tile) {
    const picture = tile.querySelector("img");
    if (!tile.isNear || !tile.source || picture.dataset.source === tile.source) return;
    picture.dataset.source = tile.source;
    picture.onload = () => {
      picture.hidden = false;
      tile.classList.add("has-picture");
      tile.querySelector("canvas")?.remove();
    };
    picture.src = tile.source;
  }

  /** Show a photo gray until it is in color, from its own file, if the browser can read it. */
  async showGray(id, file) {
    let bitmap;
    try {
      bitmap = await createImageBitmap(file, { resizeHeight: 168, resizeQuality: "medium" });
    } catch {
      return; // TIFF, HEIC and raw photos appear once they are in color
    }
    const tile = this.tiles.get(id);
    const picture = tile?.querySelector("canvas");
    if (!picture) return;
    tile.classList.add("has-picture");
    Object.assign(picture, { width: bitmap.width, height: bitmap.height });
    const context = picture.getContext("2d");
    context.filter = "grayscale(1)";
    context.drawImage(bitmap, 0, 0);
    picture.hidden = false;
  }

  /** The small picture of a photo; null where there is none yet. */
  pictureOf(id) {
    const picture = this.tiles.get(id)?.querySelector("img, canvas:not([hidden])");
    const isThere = picture && !picture.hidden && (picture.complete ?? true) && picture.naturalWidth !== 0;
    return isThere ? picture : null;
  }

  remove(id) {
    const tile = this.tiles.get(id);
    if (tile) this.observer.unobserve(tile);
    tile?.remove();
    this.tiles.delete(id);
  }

  /** Mark the photo that is open. */
  open(id) {
    for (const [other, tile] of this.tiles) {
      tile.setAttribute("aria-selected", other === id);
      tile.tabIndex = other === id ? 0 : -1;
    }
    const tile = this.tiles.get(id);
    if (tile) this.#scrollTo(tile);
  }

  /** The photo some steps after another one; null beyond the ends. */
  neighbour(id, steps) {
    const ids = [...this.tiles.keys()];
    return ids[ids.indexOf(id) + steps] ?? null;
  }

  /** Scroll the strip alone: on a phone the page would move too, and the photo out of sight. */
  #scrollTo({ offsetLeft, offsetWidth }) {
    const { scrollLeft, clientWidth } = this.element;
    if (offsetLeft < scrollLeft) this.element.scrollLeft = offsetLeft - 8;
    const beyond = offsetLeft + offsetWidth - scrollLeft - clientWidth;
    if (beyond > 0) this.element.scrollLeft = scrollLeft + beyond + 8;
  }

  #add(photo, next) {
    const tile = document.createElement("div");
    tile.className = "tile";
    tile.setAttribute("role", "option");
    tile.setAttribute("aria-selected", "false");
    tile.tabIndex = -1;
    const picture = document.createElement("img");
    picture.alt = "";
    picture.hidden = true;
    const name = document.createElement("span");
    name.textContent = photo.name.split("/").at(-1);
    const gray = document.createElement("canvas");
    gray.hidden = true;
    tile.append(gray, picture, name);
    tile.addEventListener("click", () => this.chosen(photo.id));
    const tiles = [...this.tiles];
    const place = tiles.findIndex(([id]) => id === next);
    tiles.splice(place < 0 ? tiles.length : place, 0, [photo.id, tile]);
    this.element.insertBefore(tile, this.tiles.get(next) ?? null);
    this.tiles = new Map(tiles);
    this.observer.observe(tile);
    return tile;
  }

  #key(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    const tiles = [...this.tiles];
    const at = tiles.findIndex(([, tile]) => tile === event.target);
    const wanted = event.key === "Home" ? 0 : event.key === "End" ? tiles.length - 1 : at + step;
    if (!tiles[wanted]) return;
    event.preventDefault();
    this.chosen(tiles[wanted][0]);
    tiles[wanted][1].focus();
  }
}

/** Sends files one after the other. */
export class Intake {
  /** `taken(photo, file)` is told what the server says of each; `told({done, total})` how far it is. */
  constructor({ taken, told, failed }) {
    Object.assign(this, { taken, told, failed });
    this.waiting = [];
    this.isRunning = false;
  }

  /** Take files: [{name, file}]; limits, and what is said of films, are the server's. */
  async add(files, { limits, films }) {
    if (!this.waiting.length && !this.isRunning) [this.done, this.total] = [0, 0];
    this.waiting.push(...files.map((file) => ({ ...file, limits, films })));
    this.total += files.length;
    if (this.isRunning) return;
    this.isRunning = true;
    while (this.waiting.length) {
      this.told({ done: this.done, total: this.total });
      const next = this.waiting.shift();
      await this.#send(next);
      this.done += 1;
    }
    this.isRunning = false;
    this.told({ done: this.total, total: this.total });
  }

  /** Send no more; return how many were left. */
  stop() {
    const left = this.waiting.length;
    this.waiting = [];
    this.total -= left;
    this.cancelled?.abort();
    return left;
  }

  async #send({ name, file, limits, films, then }) {
    const isFilm = films.endings.some((ending) => name.toLowerCase().endsWith(ending));
    const most = isFilm ? limits.film_bytes : limits.bytes;
    if (isFilm && films.refusal) {
      this.failed(films.refusal);
      return;
    }
    if (file.size > most) {
      this.failed(`${name} is too large: ${Math.floor(most / 1e6)} MB are the most for one file.`);
      return;
    }
    this.cancelled = new AbortController();
    try {
      const photo = await sendPhoto(name, file, this.cancelled.signal);
      this.taken(photo, file);
      await then?.(photo);
    } catch (error) {
      if (error.name === "AbortError") return;
      const isUnreadable = error instanceof Gone && !(await isReadable(file));
      if (isUnreadable) this.failed(`${name} cannot be read any more; choose it again.`);
      else if (error instanceof Refused) this.failed(error.message);
      else if (error instanceof Gone) this.stop();
      else throw error;
    }
  }
}

async function isReadable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

/** The files of a drop, of folders too: [{name, file}]. */
export async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return chosen(transfer.files);
  const found = [];
  for (const entry of entries) await collect(entry, "", found);
  return found;
}

/** The files of an input, without what the system hides: [{name, file}]. */
export function chosen(files) {
  return [...files]
    .map((file) => ({ name: file.webkitRelativePath || file.name, file }))
    .filter(({ name }) => !isHidden(name));
}

async function collect(entry, folder, found) {
  const name = folder + entry.name;
  if (isHidden(entry.name)) return;
  if (entry.isFile) {
    found.push({ name, file: await new Promise((resolve, reject) => entry.file(resolve, reject)) });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return;
    for (const inside of some) await collect(inside, `${name}/`, found);
  }
}

function isHidden(name) {
  return name.split("/").some((part) => part.startsWith(".") || part === "__MACOSX");
}

export async function forget(id) {
  await ask(`photos/${id}`, { method: "DELETE" });
}

/** Bring a removed photo back; resolves to the server's description of it. */
export async function restore(id) {
  return askJson(`photos/${id}/restored`, { method: "POST" });
}
