// The places of a photo that have a colour: points on the stage, and their list beside it.

import { asHex } from "./colours.js";

/** A place in words. */
export function placeOf(hint) {
  if ("x" in hint) return `${Math.round(hint.x)}, ${Math.round(hint.y)}`;
  return "points" in hint ? "a stroke" : "a rectangle";
}

/** Where the point of a hint stands, in pixels of the photo. */
export function middleOf(hint) {
  if ("x" in hint) return hint;
  if ("points" in hint) {
    const [x, y] = hint.points[Math.floor(hint.points.length / 2)];
    return { x, y };
  }
  const [left, top, right, bottom] = hint.rectangle;
  return { x: (left + right) / 2, y: (top + bottom) / 2 };
}

export class Pins {
  /** `chosen(number)`, `moved(number, place, isLast)` and `removed(number)` are told what a person does with one. */
  constructor(layer, list, stage, { chosen, moved, removed }) {
    Object.assign(this, { layer, list, stage, chosen, moved, removed });
    this.hints = [];
    this.begun = null;
  }

  /** Show the hints of a photo; `begun` is a place that has no colour yet, or null. */
  show(hints, selected, begun = null) {
    const isAnother = hints.length !== this.hints.length || Boolean(begun) !== Boolean(this.begun);
    this.hints = hints;
    this.begun = begun;
    this.selected = selected;
    if (isAnother) {
      this.layer.replaceChildren(...hints.map((hint, number) => this.#pin(number)));
      if (begun) this.layer.append(this.#mark());
      this.list.replaceChildren(...hints.map((hint, number) => this.#row(number)));
    }
    hints.forEach((hint, number) => this.#describe(number, hint));
    this.place();
  }

  /** Put every point where its place is seen now. */
  place() {
    if (!this.stage.photo) return;
    const places = this.begun ? [...this.hints, this.begun] : this.hints;
    places.forEach((hint, number) => {
      const point = this.stage.pointOf(middleOf(hint));
      this.layer.children[number].style.transform = `translate(${point.x}px, ${point.y}px)`;
    });
  }

  focus(number) {
    this.layer.children[number]?.focus({ preventScroll: true });
  }

  #describe(number, hint) {
    const colour = asHex(hint.colour);
    const label = `Hint ${number + 1}, ${hint.colour}, at ${placeOf(hint)}`;
    const pin = this.layer.children[number];
    pin.style.setProperty("--colour", colour);
    pin.setAttribute("aria-label", label);
    pin.setAttribute("aria-pressed", number === this.selected);
    const row = this.list.children[number];
    row.querySelector(".swatch").style.backgroundColor = colour;
    row.querySelector(".hint").setAttribute("aria-pressed", number === this.selected);
    row.querySelector(".hint span:last-child").textContent = `${hint.colour}  at ${placeOf(hint)}`;
  }

  #pin(number) {
    const pin = document.createElement("button");
    pin.className = "pin";
    let dragged = false;
    let grip = null;
    pin.addEventListener("pointerdown", (event) => {
      pin.setPointerCapture(event.pointerId);
      grip = { x: event.clientX, y: event.clientY };
      dragged = false;
    });
    pin.addEventListener("pointermove", (event) => {
      if (!grip || !("x" in this.hints[number])) return;
      if (!dragged && Math.hypot(event.clientX - grip.x, event.clientY - grip.y) < 4) return;
      const bounds = this.stage.element.getBoundingClientRect();
      const place = this.stage.placeAt(event.clientX - bounds.left, event.clientY - bounds.top);
      dragged = true;
      if (place) this.moved(number, place, false);
    });
    pin.addEventListener("pointerup", () => {
      grip = null;
      if (dragged) this.moved(number, this.hints[number], true);
    });
    pin.addEventListener("click", () => {
      if (!dragged) this.chosen(number);
    });
    pin.addEventListener("keydown", (event) => this.#key(event, number));
    return pin;
  }

  #mark() {
    const mark = document.createElement("span");
    mark.className = "pin is-begun";
    return mark;
  }

  #row(number) {
    const row = document.createElement("li");
    const hint = document.createElement("button");
    hint.className = "hint";
    const swatch = document.createElement("span");
    swatch.className = "swatch";
    hint.append(swatch, document.createElement("span"));
    hint.addEventListener("click", () => this.chosen(number));
    hint.addEventListener("keydown", (event) => this.#key(event, number));
    const remove = document.createElement("button");
    remove.className = "quiet";
    remove.textContent = "×";
    remove.setAttribute("aria-label", `Remove hint ${number + 1}`);
    remove.addEventListener("click", () => this.removed(number));
    row.append(hint, remove);
    return row;
  }

  #key(event, number) {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key === "Delete" || event.key === "Backspace") this.removed(number);
    else if (steps[event.key] && "x" in this.hints[number]) {
      const { width, height } = this.stage.photo;
      const far = Math.max(1, Math.round((event.shiftKey ? 10 : 1) / this.stage.view.scale));
      const [across, down] = steps[event.key].map((step) => step * far);
      const hint = this.hints[number];
      const place = {
        x: Math.min(width - 1, Math.max(0, hint.x + across)),
        y: Math.min(height - 1, Math.max(0, hint.y + down)),
      };
      this.moved(number, place, false);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
