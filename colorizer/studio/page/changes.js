// What a person has changed about one photo's colours, and how it is taken back.

/** Colours of a photo: {hints, vividness, restore_contrast}; never changed in place. */
export class Changes {
  constructor(colours, revision) {
    this.now = colours;
    this.sent = colours; // what the server knows
    this.revision = revision; // which one of the server's that is
    this.isSending = false;
    this.others = null; // {colours, revision} that came meanwhile from another tab
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

  /** Take what the server has now, which another tab may have changed; return whether it did. What was changed here,
   *  and not sent yet, is kept, and so are the steps that can be undone. */
  learn(colours, revision) {
    if (revision <= this.revision) return false;
    if (this.isSending) {
      if (revision > (this.others?.revision ?? 0)) this.others = { colours, revision };
      return false;
    }
    const rebased = (steps) => steps.map((step) => withChanges(step, this.sent, colours));
    this.now = this.now === this.sent ? colours : withChanges(this.now, this.sent, colours);
    Object.assign(this, { past: rebased(this.past), future: rebased(this.future), sent: colours, revision });
    return true;
  }

  /** Colours were sent, or refused if the revision is null; return whether another tab has changed some meanwhile. */
  answered(colours, revision) {
    this.isSending = false;
    if (revision !== null) Object.assign(this, { sent: colours, revision });
    const { others } = this;
    this.others = null;
    return others !== null && this.learn(others.colours, others.revision);
  }

  /** The server refused these colours: another tab has changed the same. The newest ones that came from it are taken;
   *  an undo brings back one's own. */
  yield() {
    const { colours, revision } = this.others ?? { colours: this.sent, revision: this.revision };
    this.past.push(this.now);
    Object.assign(this, { now: colours, sent: colours, revision, future: [], running: null });
    Object.assign(this, { isSending: false, others: null });
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

/** Colours with the differences between two others. */
function withChanges(colours, from, to) {
  const keys = (hints) => new Map(hints.map((hint) => [keyOf(hint), hint]));
  const [own, before, after] = [colours, from, to].map(({ hints }) => keys(hints));
  for (const key of before.keys()) if (!after.has(key)) own.delete(key);
  for (const [key, hint] of after) if (!before.has(key)) own.set(key, hint);
  const changed = { ...colours, hints: [...own.values()] };
  for (const name of Object.keys(to)) {
    if (name !== "hints" && to[name] !== from[name] && colours[name] === from[name]) changed[name] = to[name];
  }
  return changed;
}

/** What makes a hint the same as another one, however it is written. */
function keyOf(hint) {
  const { reach = 1, scope = "object", radius = 0, color, colour = color, unit, ...places } = hint;
  return JSON.stringify(Object.entries({ reach, scope, radius, colour, ...places }).sort());
}
