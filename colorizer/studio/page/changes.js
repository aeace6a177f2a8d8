// What a person has changed about one photo's colours, and how it is taken back.

/** Colours of a photo: {hints, vividness, restore_contrast}; never changed in place. */
export class Changes {
  constructor(colours) {
    this.now = colours;
    this.sent = colours; // what the server knows
    this.past = [];
    this.future = [];
    this.running = null;
    this.changed = () => {}; // hears each change
  }

  /** Take new colours. Changes of one `run`, such as dragging a slider, are taken back together. */
  make(colours, run = null) {
    if (run === null || run !== this.running) this.past.push(this.now);
    this.running = run;
    this.now = colours;
    this.future = [];
    this.changed();
  }

  endRun() {
    this.running = null;
  }

  undo() {
    return this.#move(this.past, this.future);
  }

  redo() {
    return this.#move(this.future, this.past);
  }

  #move(from, to) {
    if (!from.length) return false;
    to.push(this.now);
    this.now = from.pop();
    this.running = null;
    this.changed();
    return true;
  }
}

/** The hints that belong to what is seen: all of a photo, of a film those of the frame that is open. */
export function hintsHere({ film, time, changes }) {
  const { hints } = changes.now;
  return film ? hints.filter((hint) => isAt(hint.time, time)) : hints;
}

/** All hints of a photo or film, with others for what is seen. */
export function withHintsHere({ film, time, changes }, hints) {
  if (!film) return hints;
  return [...changes.now.hints.filter((hint) => !isAt(hint.time, time)), ...hints.map((hint) => ({ ...hint, time }))];
}

/** The number of the frame that is shown at a time, of a film whose times may be rounded to milliseconds. */
export function frameNumber(seconds, rate) {
  return Math.floor((seconds + 0.0005) * rate + 1e-6);
}

/** Whether two times in a film are those of the same frame. */
export function isAt(one, other) {
  return Math.abs(one - other) < 0.0005; // seconds; frames are farther apart
}
