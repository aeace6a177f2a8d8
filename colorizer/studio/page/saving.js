// What leaves the page: photos, zips, hints; and hints that come back.

import { frameNumber } from "./changes.js";
import { addressOf, ask, askJson, coloursOf, download, downloadText } from "./server.js";

/** Where saved photos and films go: "downloads", "original" or "folder". */
export class Place {
  /** `kept(place)` gets a choice. */
  constructor(row, select, kept) {
    Object.assign(this, { row, select });
    select.addEventListener("change", () => kept(select.value));
  }

  /** Offer the places there are; `folder` is the one the studio was started with, if any. */
  show(folder, chosen) {
    const option = this.select.querySelector('[value="folder"]');
    option.textContent = folder ?? "";
    option.hidden = option.disabled = !folder;
    this.hasFolder = Boolean(folder);
    if (chosen && (chosen !== "folder" || folder)) this.select.value = chosen;
    else if (folder) this.select.value = "folder";
  }

  /** Offer only what is possible for some photos: dropped ones have no original. */
  limit(photos) {
    const original = this.select.querySelector('[value="original"]');
    original.disabled = original.hidden = photos.every(({ is_copy }) => is_copy);
    if (original.disabled && this.value === "original") this.select.value = "downloads";
    this.row.hidden = original.disabled && !this.hasFolder;
  }

  get value() {
    return this.select.value;
  }

  /** Save a photo or film there; resolve to a sentence. */
  async deliver({ id, changes }, side = "") {
    const asked = new URLSearchParams({ place: this.value, revision: changes.revision, side });
    const { name, folder } = await askJson(`photos/${id}/delivered?${asked}`, { method: "POST" });
    return `Saved as ${name} in ${folder}.`;
  }
}

export class Saving {
  /** `ready()` resolves when the server knows the newest colours. */
  constructor(status, photoButton, allButton, { say, ready, place }) {
    Object.assign(this, { status, photoButton, allButton, say, ready, place });
  }

  enable(photo, photos) {
    this.photos = photos.filter(({ film }) => !film);
    this.photoButton.disabled = !photo || photo.state === "failed" || photo.keeps_colors;
    this.allButton.disabled = !this.photos.length;
    document.getElementById("open-share").disabled = this.photoButton.disabled;
    this.place.limit(photos);
    this.#name();
  }

  #name() {
    this.allButton.textContent = this.place.value === "downloads" ? "Save all as a zip" : "Save all photos";
  }

  /** Another place was chosen. */
  moved() {
    this.#name();
  }

  /** Save a photo in colour, at its full size. */
  async photo(photo) {
    if (!photo || this.photoButton.disabled) return;
    this.photoButton.disabled = true;
    this.status.textContent = `Writing ${photo.name} at its full size…`;
    try {
      await this.ready();
      if (this.place.value === "downloads") {
        const saved = await askJson(`photos/${photo.id}/saved?revision=${photo.changes.revision}`, { method: "POST" });
        download(`saved/${saved.id}`);
        this.status.textContent = `${saved.name} is with your downloads.`;
      } else {
        this.status.textContent = await this.place.deliver(photo);
      }
    } catch (error) {
      this.status.textContent = "";
      this.say(error.message);
    }
    this.photoButton.disabled = false;
  }

  async all() {
    await this.ready();
    if (this.place.value !== "downloads") return this.#deliverAll();
    this.status.textContent = "The zip is being made while it is saved; this may take a while.";
    download("zip");
  }

  async #deliverAll() {
    const photos = this.photos.filter(({ state, keeps_colors }) => state !== "failed" && !keeps_colors);
    this.allButton.disabled = true;
    let saved = 0;
    for (const photo of photos) {
      this.status.textContent = `Saving ${saved + 1} of ${photos.length}…`;
      try {
        await this.place.deliver(photo);
        saved += 1;
      } catch (error) {
        this.say(error.message);
      }
    }
    this.status.textContent = `${saved} of ${photos.length} photos were saved.`;
    this.allButton.disabled = false;
  }

  zipping({ done, total }) {
    this.status.textContent = done < total ? `${done} of ${total} photos are in the zip.` : "The zip is complete.";
  }

  async hints(photo) {
    await this.ready();
    const text = await (await ask(`${addressOf(photo)}/hints`)).text();
    downloadText(text, `${photo.name.split("/").at(-1)}.hints.json`);
  }
}

/** Hear the buttons that save and load a palette. */
export function hearPalette(palette, say) {
  const on = (id, heard) => document.getElementById(id).addEventListener("click", heard);
  on("save-palette", () => downloadText(palette.text, "palette.json"));
  on("load-palette", async () => {
    const loaded = await readJson(say);
    try {
      if (loaded) palette.load(loaded.content);
    } catch (error) {
      say(error.message);
    }
  });
}

/** Let a person choose a JSON file, and read it; null where it is none. */
export async function readJson(say) {
  const input = document.getElementById("json");
  input.value = "";
  const [file] = await new Promise((resolve) => {
    input.onchange = () => resolve(input.files);
    input.oncancel = () => resolve([]);
    input.click();
  });
  if (!file) return null;
  try {
    return { name: file.name, content: JSON.parse(await file.text()) };
  } catch {
    say(`${file.name} is not a JSON file.`);
    return null;
  }
}

/** Take hints from a file: a list is for the open photo, an object names the photo of each list. */
export function loadHints({ name, content }, current, photos, { change, say }) {
  const listed = Array.isArray(content) ? [content] : Object.values(content ?? {}).filter(Array.isArray);
  if (!listed.flat().every(isHint)) {
    say(`${name} holds something that is not a hint: a hint has a color, and x and y, points, or a rectangle.`);
    return;
  }
  if (Array.isArray(content)) {
    if (current) change({ hints: content.map(spelled).map((hint) => onFrame(inPixels(hint, current), current)) });
    return;
  }
  const { palette = {}, ...byName } = content && typeof content === "object" ? content : {};
  const found = photos.filter((photo) => Array.isArray(hintsOf(photo, byName)));
  if (!found.length) {
    say(`${name} has no hints for the photos that are here.`);
    return;
  }
  for (const photo of found) {
    const coloured = hintsOf(photo, byName).map(spelled).map((hint) => ({ ...hint, colour: named(hint.colour, palette) }));
    const hints = coloured.map((hint) => onFrame(inPixels(hint, photo), photo));
    if (photo === current) {
      change({ hints });
    } else {
      photo.changes.make({ ...photo.changes.now, hints });
      ask(`${addressOf(photo)}/colours`, { method: "PUT", body: JSON.stringify(coloursOf(photo)) }).catch((error) =>
        say(`${photo.name}: ${error.message}`),
      );
    }
  }
}

/** A hint with its color under the name this page has for it: files have "color" or "colour". */
function spelled(hint) {
  const { color, ...others } = hint;
  return color === undefined ? hint : { colour: color, ...others };
}

/** Whether something has what a hint is shown by; what else is wrong with it the server says. */
function isHint(said) {
  if (!said || typeof said !== "object" || typeof spelled(said).colour !== "string") return false;
  if ("x" in said) return "y" in said;
  const { points, rectangle } = said;
  return (Array.isArray(points) && points.length > 0 && points.every(Array.isArray)) || Array.isArray(rectangle);
}

/** A hint whose places are shares of the photo's sides, in its pixels; others as they are. */
function inPixels(hint, { width, height }) {
  if (hint?.unit !== "share" || !width) return hint;
  const { unit, radius, ...placed } = hint;
  const across = (share) => Math.min(share * width, width - 1);
  const down = (share) => Math.min(share * height, height - 1);
  if (radius) placed.radius = radius * Math.min(width, height);
  if ("x" in hint) Object.assign(placed, { x: across(hint.x), y: down(hint.y) });
  if (hint.points) placed.points = hint.points.map(([x, y]) => [across(x), down(y)]);
  if (hint.rectangle) {
    const [left, top, right, bottom] = hint.rectangle;
    placed.rectangle = [left * width, top * height, right * width, bottom * height];
  }
  return placed;
}

/** A hint of a film, at the time its frame begins. */
function onFrame(hint, { film }) {
  if (!film?.rate || typeof hint?.time !== "number") return hint;
  return { ...hint, time: frameNumber(hint.time, film.rate) / film.rate };
}

function hintsOf(photo, listed) {
  return listed[photo.name] ?? listed[photo.name.split("/").at(-1)];
}

function named(colour, palette) {
  return typeof colour === "string" && colour.startsWith("palette:") ? (palette[colour.slice(8)] ?? colour) : colour;
}
