// Where in a film the frame is that is seen, and which other frames have hints.

import { frameNumber, isAt } from "./changes.js";

const find = (id) => document.getElementById(id);

/** Seconds as a clock shows them, to the hundredth where that is wanted: "1:02.48". */
export function clock(seconds, isFine = false) {
  const whole = isFine ? Math.floor(seconds * 100 + 1e-6) / 100 : Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  const [hours, rest] = [Math.floor(minutes / 60), whole - minutes * 60];
  const shown = isFine ? rest.toFixed(2).padStart(5, "0") : String(rest).padStart(2, "0");
  return hours ? `${hours}:${String(minutes % 60).padStart(2, "0")}:${shown}` : `${minutes}:${shown}`;
}

export class Timeline {
  /** `moved()` is told that another frame of the open film is to be seen. */
  constructor({ moved }) {
    this.moved = moved;
    this.film = null;
    this.slider = find("time");
    this.slider.addEventListener("input", () => this.#goTo(Number(this.slider.value)));
    find("frame-before").addEventListener("click", () => this.step(-1));
    find("frame-after").addEventListener("click", () => this.step(1));
  }

  /** Show where the open photo stands, if it is a film; hide everything if it is none, or null. */
  open(photo) {
    this.film = photo?.film ? photo : null;
    find("timeline").hidden = !this.film;
    this.show();
  }

  /** Show what has become of the open film. */
  show() {
    find("elsewhere").hidden = true;
    if (!this.film) return;
    const { time, position = 0 } = this.film;
    this.slider.max = Math.max(0, this.#count - 1);
    this.slider.value = position;
    const { seconds } = this.film.film;
    find("time-shown").textContent = clock(time, true);
    this.slider.setAttribute("aria-valuetext", `${clock(time, true)} of ${clock(seconds)}`);
    this.#showHints();
  }

  /** Go some frames on, or back. */
  step(frames) {
    if (this.film) this.#goTo((this.film.position ?? 0) + frames);
  }

  /** Go to the frame that is shown at a time. */
  seek(seconds) {
    if (this.film) this.#goTo(this.#number(seconds), seconds);
  }

  get #count() {
    const { frames, seconds, rate } = this.film.film;
    return frames || Math.round(seconds * rate) || 1;
  }

  #number(seconds) {
    return frameNumber(seconds, this.film.film.rate || 1);
  }

  #goTo(number, seconds = null) {
    const { rate } = this.film.film;
    const wanted = Math.min(this.#count - 1, Math.max(0, number));
    const time = seconds ?? (rate ? wanted / rate : 0);
    if (wanted === (this.film.position ?? 0) && (seconds === null || isAt(time, this.film.time))) return;
    this.film.position = wanted; // whose frame may have begun before, where the rate varies
    this.film.time = time;
    this.show();
    this.moved();
  }

  /** Marks above the slider, and a list of the frames that have hints and are not seen. */
  #showHints() {
    const times = [...new Set(this.film.changes.now.hints.map(({ time }) => time))].sort((one, other) => one - other);
    const last = Math.max(1, this.#count - 1);
    find("time-marks").replaceChildren(
      ...times.map((time) => {
        const mark = document.createElement("i");
        mark.style.left = `${(100 * this.#number(time)) / last}%`;
        return mark;
      }),
    );
    const others = times.filter((time) => !isAt(time, this.film.time));
    const list = find("elsewhere");
    list.hidden = !others.length;
    list.replaceChildren(
      "Hints at ",
      ...others.map((time) => {
        const button = document.createElement("button");
        button.className = "link";
        button.textContent = clock(time, true);
        button.setAttribute("aria-label", `Go to the hints at ${clock(time, true)}`);
        button.addEventListener("click", () => this.seek(time));
        return button;
      }),
    );
  }
}
