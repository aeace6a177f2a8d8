// Giving parts of the open photo their colors: by mouse, touch or keys, from a palette, from a photo.

import { hintsHere, withHintsHere } from "./changes.js";
import { ColourChoice } from "./colours.js";
import { Drawing } from "./drawing.js";
import { Pins } from "./pins.js";
import { addressOf, askJson } from "./server.js";
import { KEEP, boundsOf, middleOf } from "./shapes.js";

const STEP = 12; // pixels the cross moves at a time

export class Hinting {
  /** `changed(run)` is told that the colours of the open photo are others; `say(sentence)` speaks to the person. */
  constructor(stage, palette, { changed, say, reopen }) {
    Object.assign(this, { stage, palette, changed, say, reopen });
    this.photo = null;
    this.selected = null;
    this.begun = null; // a hint without a color
    this.taking = null; // whose colour is to be taken from a photo
    const find = (id) => document.getElementById(id);
    this.crosshair = find("crosshair");
    this.cross = null;
    this.drawing = new Drawing(stage, {
      finished: (shape) => this.begin(shape),
      changed: () => this.#drawn(),
    });
    this.pins = new Pins(find("pins"), find("hints"), find("shapes"), stage, {
      chosen: (number) => this.choose(number),
      moved: (number, hint, isLast) => this.#move(number, hint, isLast),
      removed: (number) => this.remove(number),
    });
    this.choice = new ColourChoice(find("colours"), {
      chosen: (colour, run) => this.give(colour, run),
      optioned: (options, run) => this.#setOptions(options, run),
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
    this.drawing.giveUp();
    if (!this.taking) this.choice.close();
    this.#hideCross();
    this.show();
  }

  /** The hints were changed in another tab. */
  changedElsewhere() {
    if (this.selected !== null) this.choice.close(); // its number may be another hint's
    this.show();
  }

  show() {
    this.pins.show(this.photo ? hintsHere(this.photo) : [], this.selected, this.begun, this.drawing.shape);
  }

  /** A place of the photo was clicked, or Enter pressed on it. */
  clicked(place, point) {
    if (this.taking) {
      this.#taken(this.stage.colourAt(point.x, point.y));
    } else if (this.photo.keeps_colors) {
      return; // the page asks first
    } else if (this.choice.isOpen && !this.begun) {
      this.choice.close();
    } else if (this.drawing.shape) {
      this.drawing.extend(place);
      this.drawing.end();
    } else if (this.drawing.tool === "rectangle") {
      this.drawing.begin(place); // another click is its other corner
    } else if (this.drawing.tool === "keep") {
      this.choice.close();
      this.#add({ ...place, colour: KEEP });
      this.selected = null;
      this.show();
    } else {
      this.begin(this.drawing.tool === "brush" ? this.drawing.dot(place) : place);
    }
  }

  /** The pointer is dragged over the photo; return whether this draws. */
  dragged(from, to) {
    return !this.taking && !this.photo?.keeps_colors && this.drawing.dragged(from, to);
  }

  /** The pointer is lifted, or something else is done with it. */
  released(isComplete) {
    if (isComplete) this.drawing.end();
    else this.drawing.giveUp();
  }

  /** Ask which color a new hint has. */
  begin(hint) {
    if (!this.photo) return;
    this.begun = hint;
    this.selected = null;
    this.show();
    this.#ask(hint);
  }

  /** Close or give up whatever is open or under way. */
  giveUp() {
    if (this.drawing.giveUp()) return;
    if (this.choice.isOpen) this.choice.close();
    else if (this.taking) this.stopTaking();
  }

  /** Ask which colour a hint is to have instead. */
  choose(number) {
    this.begun = null;
    this.selected = number;
    this.show();
    this.#ask(this.#hints[number]);
  }

  /** Give the hint at hand a color. */
  give(colour, run = null) {
    if (!this.photo || (this.begun === null && this.selected === null)) return;
    if (run === null && colour !== "gray" && colour !== KEEP) this.palette.add(colour);
    if (this.begun) this.#add({ ...this.begun, colour }, run);
    else this.#replace(this.selected, { ...this.#hints[this.selected], colour }, run);
  }

  /** Give the hint at hand another reach or scope. */
  #setOptions(options, run) {
    if (this.begun) this.begun = { ...this.begun, ...options };
    else if (this.selected !== null) this.#replace(this.selected, { ...this.#hints[this.selected], ...options }, run);
  }

  #add(hint, run = null) {
    const hints = this.#hints;
    this.selected = hints.length;
    this.begun = null;
    this.#set([...hints, plain(hint)], run && `${run} ${this.selected}`);
  }

  #replace(number, hint, run = null) {
    this.#set(this.#hints.with(number, plain(hint)), run && `${run} ${number}`);
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

  #move(number, hint, isLast) {
    this.#replace(number, hint, "move");
    if (isLast) this.photo.changes.endRun();
  }

  /** A shape grows on the stage, or is given up. */
  #drawn() {
    if (this.drawing.shape) this.choice.close();
    this.show();
  }

  async #ask(hint) {
    const bounds = this.stage.element.getBoundingClientRect();
    const place = middleOf(hint);
    const [left, top, right, bottom] = boundsOf(hint);
    const first = this.stage.pointOf({ x: left, y: top });
    const last = this.stage.pointOf({ x: right - 1, y: bottom - 1 });
    const around = {
      left: bounds.left + first.x,
      right: bounds.left + last.x,
      middle: bounds.top + (first.y + last.y) / 2,
    };
    this.choice.open(hint, this.palette.values, around, bounds);
    const asked = this.photo;
    const question = (this.question = Symbol("which color"));
    const where = { x: Math.floor(place.x), y: Math.floor(place.y), ...(asked.film && { time: asked.time }) };
    let colours = [];
    try {
      colours = (await askJson(`${addressOf(asked)}/likeliest?${new URLSearchParams(where)}`)).colours;
    } catch {
      // The other ways to choose a color are all there.
    }
    if (question === this.question && this.choice.isOpen) this.choice.showLikely(colours);
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
    this.say("Click the color in this photo, or open another one and click it there. Escape gives up.");
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
      if (this.drawing.shape) this.drawing.extend(this.stage.nearestPlace(this.cross.x, this.cross.y));
    } else if (event.key === "Enter" || event.key === " ") {
      const point = this.cross ?? this.stage.middle;
      const place = this.stage.placeAt(point.x, point.y);
      if (place) this.#enter(place, point);
    } else if (event.key === "Escape") {
      this.giveUp();
      this.#hideCross();
    } else return;
    event.preventDefault();
  }

  /** Enter begins a stroke, the cross draws it, and Enter ends it; otherwise it is a click. */
  #enter(place, point) {
    if (!this.stage.isReady) return;
    if (this.drawing.tool === "brush" && !this.drawing.shape && !this.taking) this.drawing.begin(place);
    else this.clicked(place, point);
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

/** A hint without the options that have their usual values, and with none that its color rules out. */
function plain(hint) {
  const { reach = 1, scope = "object", ...others } = hint;
  const isForAll = scope === "photo" && hint.colour !== KEEP;
  return { ...others, ...(reach !== 1 && { reach }), ...(isForAll && { scope }) };
}
