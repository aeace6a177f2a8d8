// Where hints lie, in pixels of the photo: points, strokes and rectangles, and their outlines on the stage.

/** The color of a hint that leaves its object as it is. */
export const KEEP = "keep";
const SVG = "http://www.w3.org/2000/svg";

/** What a hint is: "point", "stroke" or "rectangle". */
export function kindOf(hint) {
  if ("points" in hint) return "stroke";
  return "rectangle" in hint ? "rectangle" : "point";
}

/** Where the handle of a hint stands. */
export function middleOf(hint) {
  if ("points" in hint) {
    const [x, y] = hint.points[Math.floor(hint.points.length / 2)];
    return { x, y };
  }
  if ("rectangle" in hint) {
    const [left, top, right, bottom] = hint.rectangle;
    return { x: Math.floor((left + right) / 2), y: Math.floor((top + bottom) / 2) };
  }
  return { x: hint.x, y: hint.y };
}

/** A hint moved by some pixels, but no farther than to the edges of its photo. */
export function shifted(hint, across, down, { width, height }) {
  const [left, top, right, bottom] = boundsOf(hint);
  const x = Math.min(width - right, Math.max(-left, across));
  const y = Math.min(height - bottom, Math.max(-top, down));
  if ("points" in hint) return { ...hint, points: hint.points.map((point) => [point[0] + x, point[1] + y]) };
  if ("rectangle" in hint) return { ...hint, rectangle: [left + x, top + y, right + x, bottom + y] };
  return { ...hint, x: hint.x + x, y: hint.y + y };
}

/** The rectangle between two places, both of them inside. */
export function rectangleBetween(one, other) {
  const [left, right] = [Math.min(one.x, other.x), Math.max(one.x, other.x)];
  const [top, bottom] = [Math.min(one.y, other.y), Math.max(one.y, other.y)];
  return [left, top, right + 1, bottom + 1];
}

/** Left, top, right and bottom of all places of a hint; right and bottom are not included. */
export function boundsOf(hint) {
  if ("rectangle" in hint) return hint.rectangle;
  const points = hint.points ?? [[hint.x, hint.y]];
  const [across, down] = [points.map(([x]) => x), points.map(([, y]) => y)];
  return [Math.min(...across), Math.min(...down), Math.max(...across) + 1, Math.max(...down) + 1];
}

/** The outlines of strokes and rectangles. */
export class Shapes {
  constructor(layer, stage) {
    this.stage = stage;
    this.group = layer.querySelector("g");
  }

  /** Outline some hints; `drawn` is one that has no color yet, or null. */
  show(hints, drawn) {
    this.group.replaceChildren(...hints.flatMap((hint) => outline(hint)));
    if (drawn) this.group.append(...areaOf(drawn), ...outline(drawn));
    this.place();
  }

  /** Put the outlines where they are seen now. */
  place() {
    const { scale, x, y } = this.stage.view;
    this.group.setAttribute("transform", `translate(${x} ${y}) scale(${scale})`);
  }
}

function outline(hint) {
  if (kindOf(hint) === "point") return [];
  return ["casing", "line"].map((name) => element(hint, name));
}

/** All that a hint covers. */
function areaOf(hint) {
  const area = element(hint, kindOf(hint) === "rectangle" ? "area" : "band");
  if (hint.radius) area.setAttribute("stroke-width", 2 * hint.radius);
  return hint.radius || "rectangle" in hint ? [area] : [];
}

function element(hint, name) {
  const kind = kindOf(hint);
  const made = document.createElementNS(SVG, kind === "rectangle" ? "rect" : "polyline");
  made.setAttribute("class", name);
  if (kind === "rectangle") {
    const [left, top, right, bottom] = hint.rectangle;
    const sides = { x: left, y: top, width: right - left, height: bottom - top };
    for (const [side, value] of Object.entries(sides)) made.setAttribute(side, value);
  } else {
    const points = hint.points ?? [[hint.x, hint.y]];
    const centers = points.map(([x, y]) => `${x + 0.5},${y + 0.5}`);
    made.setAttribute("points", [...centers, centers.at(-1)].join(" ")); // one place alone is drawn as a dot
  }
  return made;
}
