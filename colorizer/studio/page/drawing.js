// The hand's tools: a point, a brush, a rectangle, and a pin for what is to stay as it is.

import { rectangleBetween } from "./shapes.js";

const find = (id) => document.getElementById(id);
const SPACING = 3; // CSS pixels between two points of a stroke
const MOST_POINTS = 2_000; // of one stroke
const HELP = {
  point: "Click a place and choose its color.",
  brush: "Paint over an object and choose its color.",
  rectangle: "Drag a rectangle inside an object and choose its color.",
  keep: "Click an object that should stay as it is.",
};

export class Drawing {
  /** `finished(shape)` gets a shape without a color; `changed()` hears that one grows, or that it is given up. */
  constructor(stage, { finished, changed }) {
    Object.assign(this, { stage, finished, changed });
    this.shape = null; // what is being drawn
    this.corner = null; // where its rectangle began
    this.buttons = [...find("hint-tools").querySelectorAll("button")];
    for (const button of this.buttons) button.addEventListener("click", () => this.choose(button.value));
    find("brush-size").addEventListener("dblclick", (event) => (event.target.value = event.target.defaultValue));
    this.choose("point");
  }

  /** Take another tool: "point", "brush", "rectangle" or "keep". */
  choose(tool) {
    this.tool = tool;
    this.giveUp();
    for (const button of this.buttons) button.setAttribute("aria-pressed", button.value === tool);
    find("brush").hidden = tool !== "brush";
    find("tool-help").textContent = HELP[tool];
    document.body.classList.toggle("is-drawing", this.draws);
  }

  /** Whether dragging over the photo draws. */
  get draws() {
    return this.tool === "brush" || this.tool === "rectangle";
  }

  /** The pointer goes from one point of the stage to another; return whether this draws. */
  dragged(from, to) {
    if (!this.draws) return false;
    if (!this.shape) {
      const place = this.stage.placeAt(from.x, from.y);
      if (!place) return false;
      this.begin(place);
    }
    this.extend(this.stage.nearestPlace(to.x, to.y));
    return true;
  }

  begin(place) {
    this.corner = place;
    this.shape = this.tool === "brush" ? { points: [[place.x, place.y]], radius: this.#radius } : this.#rectangle(place);
    this.changed();
  }

  /** Let the shape that is being drawn reach to another place. */
  extend(place) {
    if (!this.shape || !place) return;
    if (this.tool === "rectangle") {
      this.shape = this.#rectangle(place);
    } else {
      const { points } = this.shape;
      const [x, y] = points.at(-1);
      const isNear = Math.hypot(place.x - x, place.y - y) < SPACING / this.stage.view.scale;
      if ((place.x === x && place.y === y) || isNear || points.length >= MOST_POINTS) return;
      this.shape = { ...this.shape, points: [...points, [place.x, place.y]] };
    }
    this.changed();
  }

  /** The shape is complete. */
  end() {
    const { shape } = this;
    this.shape = null;
    if (shape?.points?.length === 1) this.finished(this.dot(this.corner));
    else if (shape) this.finished(shape);
  }

  /** Draw the shape no further; return whether there was one. */
  giveUp() {
    const { shape } = this;
    this.shape = null;
    if (shape) this.changed();
    return Boolean(shape);
  }

  /** What one touch of the brush covers. */
  dot({ x, y }) {
    return { x, y, radius: this.#radius };
  }

  #rectangle(place) {
    return { rectangle: rectangleBetween(this.corner, place) };
  }

  /** Half the brush's width in pixels of the photo: it is as wide on the stage however far the photo is zoomed. */
  get #radius() {
    const { width, height } = this.stage.photo;
    const radius = Number(find("brush-size").value) / 2 / this.stage.view.scale;
    return Math.min(Math.max(width, height) / 2, Math.round(radius * 10) / 10);
  }
}
