// Giving places of the open photo their colours: by click, by keys, from a palette, from a photo.

import { middleOf, Pins } from "./pins.js";
import { hintsHere, withHintsHere } from "./changes.js";
import { ColourChoice } from "./colours.js";
import { addressOf, askJson } from "./server.js";

const STEP = 12; // pixels the cross moves at a time

export class Hinting {
  /** `changed(run)` is told that the colours of the open photo are others; `say(sentence)` speaks to the person. */
  constructor(stage, palette, { changed, say, reopen }) {
    Object.assign(this, { stage, palette, changed, say, reopen });
    this.photo = null;
    this.selected = null;
    this.begun = null; // a place without a colour
    this.taking = null; // whose colour is to be taken from a photo
    const find = (id) => document.getElementById(id);
    this.crosshair = find("crosshair");
    this.cross = null;
    this.pins = new Pins(find("pins"), find("hints"), stage, {
      chosen: (number) => this.choose(number),
      moved: (number, place, isLast) => this.#move(number, place, isLast),
      removed: (number) => this.remove(number),
    });
    this.choice = new ColourChoice(find("colours"), {
      chosen: (colour, run) => this.give(colour, run),
      removed: () => this.remove(this.selected),
      closed: () => this.#closed(),
      taking: () => this.#take(),
    });
    stage.element.addEventListener("keydown", (event) => this.#key(event));
    stage.element.addEventListener("blur", () => this.#hideCross());
  }

  /** Work on a photo; on none if it is null. */
  open(photo) {
    this.photo = photo;
    this.begun = this.selected = null;
    if (!this.taking) this.choice.close();
    this.#hideCross();
    this.show();
  }

  show() {
    this.pins.show(this.photo ? hintsHere(this.photo) : [], this.selected, this.begun);
  }

  /** A place of the stage was clicked. */
  clicked(place, point) {
    if (this.taking) {
      this.#taken(this.stage.colourAt(point.x, point.y));
    } else if (this.choice.isOpen && !this.begun) {
      this.choice.close();
    } else {
      this.begin(place);
    }
  }

  /** Ask which colour a new place has. */
  begin(place) {
    if (!this.photo) return;
    this.begun = place;
    this.selected = null;
    this.show();
    this.#ask(place, null);
  }

  /** Ask which colour a hint is to have instead. */
  choose(number) {
    this.begun = null;
    this.selected = number;
    this.show();
    const hint = this.#hints[number];
    this.#ask(middleOf(hint), hint.colour);
  }

  /** Give the place at hand a colour. */
  give(colour, run = null) {
    if (!this.photo || (this.begun === null && this.selected === null)) return;
    const hints = [...this.#hints];
    if (this.begun) {
      hints.push({ ...this.begun, colour });
      this.selected = hints.length - 1;
      this.begun = null;
    } else {
      hints[this.selected] = { ...hints[this.selected], colour };
    }
    if (run === null && colour !== "gray") this.palette.add(colour);
    this.#set(hints, run && `${run} ${this.selected}`);
  }

  remove(number) {
    if (number === null) return;
    this.selected = null;
    this.choice.close();
    this.#set(this.#hints.filter((hint, other) => other !== number));
    this.stage.element.focus({ preventScroll: true });
  }

  get #hints() {
    return hintsHere(this.photo);
  }

  #set(hints, run = null) {
    this.photo.changes.make({ ...this.photo.changes.now, hints: withHintsHere(this.photo, hints) }, run);
    this.show();
    this.changed();
  }

  #move(number, place, isLast) {
    const hints = [...this.#hints];
    hints[number] = { ...hints[number], x: place.x, y: place.y };
    this.#set(hints, `move ${number}`);
    if (isLast) this.photo.changes.endRun();
  }

  async #ask(place, colour) {
    const bounds = this.stage.element.getBoundingClientRect();
    const point = this.stage.pointOf(place);
    this.choice.open(colour, this.palette.values, { x: bounds.left + point.x, y: bounds.top + point.y }, bounds);
    const asked = this.photo;
    const where = { x: Math.floor(place.x), y: Math.floor(place.y), ...(asked.film && { time: asked.time }) };
    let colours = [];
    try {
      colours = (await askJson(`${addressOf(asked)}/likeliest?${new URLSearchParams(where)}`)).colours;
    } catch {
      // The other ways to choose a colour are all there.
    }
    if (asked === this.photo && (this.begun === place || colour !== null)) this.choice.showLikely(colours);
  }

  #closed() {
    const number = this.selected;
    this.photo?.changes.endRun();
    this.begun = this.selected = null;
    this.show();
    if (this.taking) return;
    if (number === null) this.stage.element.focus({ preventScroll: true });
    else this.pins.focus(number);
  }

  #take() {
    this.taking = { photo: this.photo, begun: this.begun, selected: this.selected };
    this.choice.close();
    document.body.classList.add("is-taking");
    this.say("Click the colour in this photo, or open another one and click it there. Escape gives up.");
    this.stage.element.focus({ preventScroll: true });
  }

  /** Give up taking a colour from a photo. */
  stopTaking() {
    const { taking } = this;
    this.taking = null;
    document.body.classList.remove("is-taking");
    this.say("");
    return taking;
  }

  async #taken(colour) {
    const { photo, begun, selected } = this.stopTaking();
    if (photo !== this.photo) await this.reopen(photo);
    Object.assign(this, { begun, selected });
    this.give(colour);
    this.choose(this.selected);
  }

  #key(event) {
    if (event.target !== this.stage.element || !this.stage.photo || event.ctrlKey || event.metaKey) return;
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (steps[event.key]) {
      const far = event.shiftKey ? 1 : STEP;
      const { x, y } = this.cross ?? this.stage.middle;
      this.#showCross({ x: x + steps[event.key][0] * far, y: y + steps[event.key][1] * far });
    } else if (event.key === "Enter" || event.key === " ") {
      const point = this.cross ?? this.stage.middle;
      const place = this.stage.placeAt(point.x, point.y);
      if (place) this.clicked(place, point);
    } else if (event.key === "Escape") {
      if (this.taking) this.stopTaking();
      this.#hideCross();
    } else return;
    event.preventDefault();
  }

  /** Move the cross; at the edge of the stage the photo moves instead. */
  #showCross(wanted) {
    const { clientWidth, clientHeight } = this.stage.element;
    const x = Math.min(clientWidth - 1, Math.max(0, wanted.x));
    const y = Math.min(clientHeight - 1, Math.max(0, wanted.y));
    if (x !== wanted.x || y !== wanted.y) this.stage.pan(x - wanted.x, y - wanted.y);
    this.cross = { x, y };
    this.crosshair.hidden = false;
    this.crosshair.style.transform = `translate(${x}px, ${y}px)`;
  }

  #hideCross() {
    this.crosshair.hidden = true;
  }
}
