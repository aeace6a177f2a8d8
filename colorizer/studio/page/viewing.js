// The pictures of the open photo, fetched as they are needed: a preview at once, details once the hand rests.

import { addressOf, ask, askJson, askPicture, coloursOf, plainColours } from "./server.js";

const REST = 300; // milliseconds without a change before details are fetched

export class Viewing {
  /** `failed(error)` is told what could not be fetched; `coloured(photo)` that the newest colours are seen. */
  constructor(stage, { failed, coloured, conflicted, merged }) {
    Object.assign(this, { stage, failed, coloured, conflicted, merged });
    this.photo = null;
    this.running = null;
    this.waiting = [];
    this.time = undefined; // of the frame that is shown of a film
  }

  /** Show a photo with its colors; resolves when both sides are there. */
  async open(photo) {
    this.photo = photo;
    this.time = undefined;
    this.#stopDetails();
    this.stage.clear();
    if (photo.width) this.stage.open(photo.width, photo.height);
    await this.recolour(photo);
  }

  close() {
    this.photo = null;
    this.#stopDetails();
    this.stage.clear();
  }

  /** Fetch a preview of a photo's newest colours; while one is under way the last of those asked for waits, behind
   *  those whose colours the server does not know yet. */
  recolour(photo) {
    this.waiting = this.waiting.filter((other) => other !== photo && other.changes.now !== other.changes.sent);
    this.waiting.push(photo);
    this.running ??= this.#fetchWanted();
    return this.running;
  }

  /** Resolves when the server knows the newest colours, as it must before it saves them. */
  async settled() {
    await this.running;
  }

  /** Another part of the photo is seen. */
  moved() {
    this.#stopDetails();
    if (this.photo && this.stage.pictures.colour) this.timer = setTimeout(() => this.#fetchDetails(), REST);
  }

  async #fetchWanted() {
    while (this.waiting.length) {
      const asked = this.waiting.shift();
      const at = asked.time;
      const { changes } = asked;
      const { now } = changes;
      try {
        const body = JSON.stringify({ ...coloursOf(asked), base: changes.revision });
        changes.isSending = true;
        const response = await ask(`${addressOf(asked)}/colours`, { method: "PUT", body });
        const revision = Number(response.headers.get("X-Photo-Revision"));
        await this.#answered(asked, now, revision, response.headers.get("X-Photo-Merged") === "1");
        const [width, height] = response.headers.get("X-Photo-Size").split("x").map(Number);
        Object.assign(asked, { width, height });
        const time = asked.film ? Number(response.headers.get("X-Frame-Time")) : undefined;
        if (asked.film && asked.time === at) asked.time = time; // that of the frame, which began before
        const preview = await createImageBitmap(await response.blob());
        if (asked === this.photo) await this.#show(asked, preview, time);
      } catch (error) {
        if (error.status === 409 && (await this.#conflicted(asked))) continue;
        if (changes.answered(now, null)) this.merged(asked);
        if (asked === this.photo) this.failed(error, asked);
      }
    }
    this.running = null;
  }

  /** Learn what the server made of colours that were sent; if they were merged with another tab's, it says so. */
  async #answered(photo, colours, revision, isMerged) {
    const { changes } = photo;
    const known = isMerged && (await askJson(`photos/${photo.id}`));
    if (known) changes.learn(plainColours(known), known.revision); // while it is sending: taken with the answer
    if (changes.answered(colours, isMerged ? photo.changes.revision : revision)) this.merged(photo);
  }

  /** Another tab has changed the same; return whether its colours could be taken. */
  async #conflicted(photo) {
    try {
      const known = await askJson(`photos/${photo.id}`);
      photo.changes.learn(plainColours(known), known.revision);
      photo.changes.yield();
    } catch {
      return false;
    }
    this.conflicted(photo);
    this.merged(photo);
    return true;
  }

  async #show(photo, preview, time) {
    if (!this.stage.photo) {
      const { placeholder } = this.stage;
      this.stage.open(photo.width, photo.height);
      if (placeholder) this.stage.showMeanwhile(placeholder);
    }
    const isOtherFrame = time !== this.time;
    this.time = time;
    if (!isOtherFrame) this.stage.show("colour", preview);
    if (isOtherFrame || !this.stage.pictures.original) await this.#fetchOriginal(photo);
    if (isOtherFrame && photo === this.photo) this.stage.show("colour", preview); // both sides at once
    this.coloured(photo);
    this.moved();
  }

  async #fetchOriginal(photo) {
    const { width, height } = this.stage.photo;
    const share = Math.min(1, 1024 / Math.max(width, height));
    const size = [Math.ceil(width * share), Math.ceil(height * share)];
    const picture = await askPicture(this.#address(photo, "original", [0, 0, width, height], size));
    if (photo === this.photo) this.stage.show("original", picture);
  }

  async #fetchDetails() {
    const { photo } = this;
    const { box, size, isEmpty } = this.stage.seen();
    if (isEmpty) return;
    this.cancelled = new AbortController();
    try {
      for (const side of ["colour", "original"]) {
        const address = this.#address(photo, side, box, size);
        const picture = await askPicture(address, { signal: this.cancelled.signal });
        this.stage.showDetail(side, picture, box);
      }
    } catch (error) {
      if (error.name !== "AbortError" && photo === this.photo) this.failed(error, photo);
    }
  }

  #address(photo, side, [left, top, right, bottom], [width, height]) {
    const frame = photo.film ? { time: this.time } : {};
    const asked = new URLSearchParams({ side, left, top, right, bottom, width, height, ...frame });
    return `${addressOf(photo)}/view?${asked}`;
  }

  #stopDetails() {
    clearTimeout(this.timer);
    this.cancelled?.abort();
  }
}
