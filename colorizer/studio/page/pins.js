// The hints of a photo: their handles and outlines on the stage, and their list beside it.

import { nameOf } from "./color_names.js";
import { asHex } from "./colours.js";
import { icon } from "./icons.js";
import { KEEP, Shapes, kindOf, middleOf, shifted } from "./shapes.js";

/** What a hint says, in words. */
function colorOf(hint) {
  return hint.colour === KEEP ? "left as it is" : nameOf(asHex(hint.colour) ?? "#808080");
}

/** What else there is to say of a hint: its shape, its scope and its reach, where they are unusual. */
function detailsOf(hint) {
  const isForAll = hint.scope === "photo";
  const parts = [
    kindOf(hint) === "point" ? (hint.radius ? "dot" : "") : kindOf(hint),
    isForAll ? "whole picture" : "",
    hint.reach && hint.reach !== 1 && !isForAll ? `reach ${hint.reach.toFixed(2)}` : "",
  ];
  return parts.filter(Boolean).join(" · ");
}

export class Pins {
  /** `chosen(number)`, `moved(number, hint, isLast)` and `removed(number)` hear what is done with one. */
  constructor(layer, list, outlines, stage, { chosen, moved, removed }) {
    Object.assign(this, { layer, list, stage, chosen, moved, removed });
    this.shapes = new Shapes(outlines, stage);
    this.hints = [];
    this.begun = null;
  }

  /** Show the hints of a photo; `begun` has no color yet, and `drawn` is still being drawn; either may be null. */
  show(hints, selected, begun = null, drawn = null) {
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
    this.shapes.show(hints, drawn ?? begun);
    this.place();
  }

  /** Put every handle and outline where its place is seen now. */
  place() {
    if (!this.stage.photo) return;
    this.shapes.place();
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
    const [color, details] = [colorOf(hint), detailsOf(hint)];
    const { x, y } = middleOf(hint);
    const label = [`Hint ${number + 1}: ${color}`, details, `at ${Math.round(x)}, ${Math.round(y)}`];
    const pin = this.layer.children[number];
    const row = this.list.children[number];
    for (const button of [pin, row.querySelector(".hint")]) {
      button.setAttribute("aria-label", label.filter(Boolean).join(", "));
    }
    pin.setAttribute("aria-pressed", number === this.selected);
    row.querySelector(".hint").setAttribute("aria-pressed", number === this.selected);
    row.querySelector(".name").textContent = color[0].toUpperCase() + color.slice(1);
    row.querySelector(".details").textContent = details;
    for (const sign of [pin, row.querySelector(".swatch")]) {
      const isKept = hint.colour === KEEP;
      if (isKept !== sign.classList.contains("is-kept")) sign.replaceChildren(...(isKept ? [icon(KEEP)] : []));
      sign.classList.toggle("is-kept", isKept);
      sign.style.setProperty("--colour", isKept ? "" : asHex(hint.colour));
    }
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
      if (!grip) return;
      if (!dragged && Math.hypot(event.clientX - grip.x, event.clientY - grip.y) < 4) return;
      const bounds = this.stage.element.getBoundingClientRect();
      const place = this.stage.placeAt(event.clientX - bounds.left, event.clientY - bounds.top);
      dragged = true;
      if (!place) return;
      const { x, y } = middleOf(this.hints[number]);
      this.#move(number, place.x - x, place.y - y);
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
    for (const name of ["swatch", "name", "details"]) {
      const part = document.createElement("span");
      part.className = name;
      hint.append(part, " ");
    }
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

  #move(number, across, down) {
    this.moved(number, shifted(this.hints[number], across, down, this.stage.photo), false);
  }

  #key(event, number) {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key === "Delete" || event.key === "Backspace") this.removed(number);
    else if (steps[event.key]) {
      const far = Math.max(1, Math.round((event.shiftKey ? 10 : 1) / this.stage.view.scale));
      this.#move(number, ...steps[event.key].map((step) => step * far));
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
