// What leaves the page: photos, zips, hints; and hints that come back.

import { frameNumber } from "./changes.js";
import { addressOf, ask, askJson, coloursOf, download, downloadText } from "./server.js";

export class Saving {
  /** `ready()` resolves when the server knows the newest colours. */
  constructor(status, photoButton, allButton, { say, ready }) {
    Object.assign(this, { status, photoButton, allButton, say, ready });
  }

  enable(photo, photos) {
    this.photoButton.disabled = !photo || photo.state === "failed";
    this.allButton.disabled = !photos.some(({ film }) => !film);
  }

  /** Save a photo in colour, at its full size. */
  async photo(photo) {
    if (!photo || this.photoButton.disabled) return;
    this.photoButton.disabled = true;
    this.status.textContent = `Writing ${photo.name} at its full size…`;
    try {
      await this.ready();
      const saved = await askJson(`photos/${photo.id}/saved?revision=${photo.changes.revision}`, { method: "POST" });
      download(`saved/${saved.id}`);
      this.status.textContent = `${saved.name} is with your downloads.`;
    } catch (error) {
      this.status.textContent = "";
      this.say(error.message);
    }
    this.photoButton.disabled = false;
  }

  async all() {
    await this.ready();
    this.status.textContent = "The zip is being made while it is saved; this may take a while.";
    download("zip");
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
    say(`${file.name} is no JSON file.`);
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
