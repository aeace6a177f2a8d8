// Where a colour is chosen for a place, and the palette colours come from.

import { KEEP } from "./shapes.js";

const MOST = 24;
const HEX = /^#?([0-9a-f]{6}|[0-9a-f]{3})$/i;

/** A color as #rrggbb, of whatever CSS knows as one, with or without spaces in its name; null of anything else. */
export function asHex(text) {
  const found = HEX.exec(text.trim());
  if (found) {
    const digits = found[1].length === 3 ? [...found[1]].map((digit) => digit + digit).join("") : found[1];
    return `#${digits.toLowerCase()}`;
  }
  const context = document.createElement("canvas").getContext("2d");
  context.fillStyle = "transparent"; // which stays where the text is not a color
  context.fillStyle = CSS.supports("color", text) ? text : text.replace(/\s+/g, "");
  return HEX.test(context.fillStyle) ? context.fillStyle : null;
}

/** Colours by name, kept for every photo of the session. */
export class Palette {
  /** `kept(entries)` gets the palette after each change made on this page. */
  constructor(element, { chosen, changed, kept }) {
    Object.assign(this, { element, chosen, changed, kept });
    this.show([]);
  }

  /** Show the palette as the server knows it: [[name, color], ...]. */
  show(entries) {
    if (this.element.contains(document.activeElement)) return; // someone is naming a color
    this.colours = new Map(entries);
    this.#show();
  }

  get values() {
    return [...new Set(this.colours.values())];
  }

  /** Keep a colour, under its own digits as long as it has no name. */
  add(colour) {
    if (this.values.includes(colour)) return;
    this.colours.set(colour, colour);
    while (this.colours.size > MOST) this.colours.delete(this.colours.keys().next().value);
    this.#keep();
  }

  /** Take the colours of a palette file; throw a sentence where there are none. */
  load(content) {
    const entries = Object.entries(content && typeof content === "object" && !Array.isArray(content) ? content : {});
    const read = entries.map(([name, colour]) => [name, typeof colour === "string" ? asHex(colour) : null]);
    const wrong = read.find(([, colour]) => colour === null);
    if (!read.length) throw new Error('This file is not a palette, such as {"dress": "#b03030"}.');
    if (wrong) throw new Error(`The color "${wrong[0]}" of this palette is not a color.`);
    for (const [name, colour] of read) this.colours.set(name.slice(0, 60), colour);
    this.#keep();
  }

  get text() {
    return JSON.stringify(Object.fromEntries(this.colours), null, 2) + "\n";
  }

  #keep() {
    this.#show();
    this.kept([...this.colours]);
  }

  #show() {
    this.element.replaceChildren(...[...this.colours].map(([name, colour]) => this.#item(name, colour)));
    this.changed?.(this.colours.size);
  }

  #item(name, colour) {
    const item = document.createElement("li");
    const swatch = swatchButton(colour, `Use ${name}`, () => this.chosen(colour));
    const named = document.createElement("input");
    named.value = name === colour ? "" : name;
    named.placeholder = colour;
    named.maxLength = 60;
    named.setAttribute("aria-label", `Name of ${colour}`);
    named.addEventListener("change", () => {
      const wanted = named.value.trim() || colour;
      const others = [...this.colours].map((entry) => (entry[0] === name ? [wanted, colour] : entry));
      this.colours = new Map(others);
      this.#keep();
    });
    const remove = document.createElement("button");
    remove.className = "quiet";
    remove.textContent = "×";
    remove.setAttribute("aria-label", `Remove ${name} from the palette`);
    remove.addEventListener("click", () => {
      this.colours.delete(name);
      this.#keep();
    });
    item.append(swatch, named, remove);
    return item;
  }
}

/** The small window in which a place gets its colour. */
export class ColourChoice {
  /** `chosen(colour, run)` gets each color tried, `optioned(options, run)` another reach or scope; `taking()` hears that
   *  a color is to be taken from a photo. */
  constructor(element, { chosen, optioned, removed, closed, taking }) {
    Object.assign(this, { element, chosen, optioned, removed, closed });
    const part = (name) => element.querySelector(`#${name}`);
    this.likely = part("likely");
    this.own = part("own");
    this.picker = part("picker");
    this.hex = part("hex");
    this.removing = part("colours-remove");
    this.keep = part("keep");
    this.reach = part("reach");
    this.forAll = part("for-all");
    this.keep.addEventListener("click", () => this.#choose(KEEP));
    this.reach.addEventListener("input", () => this.#setReach(Number(this.reach.value), "reach"));
    this.reach.addEventListener("dblclick", () => this.#setReach(1));
    this.forAll.addEventListener("change", () => {
      this.optioned({ scope: this.forAll.checked ? "photo" : "object" });
      this.#showOptions();
    });
    this.picker.addEventListener("input", () => this.#choose(this.picker.value, "picker"));
    this.picker.addEventListener("change", () => this.#choose(this.picker.value));
    this.hex.addEventListener("input", () => (this.isTyping = true));
    this.hex.addEventListener("change", () => this.#typed());
    this.hex.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // or the same key presses what has the focus next
      if (this.#typed()) this.close();
    });
    part("eyedropper").addEventListener("click", taking);
    part("colours-remove").addEventListener("click", () => this.removed());
    part("colours-done").addEventListener("click", () => this.close());
    part("colours-close").addEventListener("click", () => this.close());
    element.addEventListener("keydown", (event) => this.#key(event));
  }

  get isOpen() {
    return !this.element.hidden;
  }

  /** Open next to a hint, which may have no color yet and lies `around` its sides; `bounds` are the stage's. */
  open(hint, palette, around, bounds) {
    this.element.hidden = false;
    this.isTyping = false;
    this.removing.hidden = !hint.colour;
    this.reach.value = hint.reach ?? 1;
    this.forAll.checked = hint.scope === "photo";
    this.select(hint.colour ?? null);
    this.showLikely(null);
    this.#fill(this.own, palette);
    const { offsetWidth, offsetHeight } = this.element;
    const isRight = around.right + 24 + offsetWidth < bounds.right - 8;
    const left = isRight ? around.right + 24 : Math.max(8, around.left - 24 - offsetWidth);
    const top = Math.min(Math.max(bounds.top + 8, around.middle - offsetHeight / 3), innerHeight - offsetHeight - 8);
    this.element.style.left = `${left}px`;
    this.element.style.top = `${Math.max(8, top)}px`;
    this.hex.focus({ preventScroll: true });
  }

  /** Show the likeliest colours of the place, once they are known; null as long as they are not. */
  showLikely(colours) {
    this.likely.classList.toggle("is-coming", colours === null);
    if (colours?.length) this.#fill(this.likely, colours);
    else this.#fill(this.likely, ["#808080"], "gray");
    // Focus taken from a person who is typing would turn their next space or Enter into a click on a swatch.
    if (colours?.length && document.activeElement === this.hex && !this.hex.value && !this.isTyping) {
      this.likely.querySelector("button").focus({ preventScroll: true });
    }
  }

  /** Show which colour is chosen. */
  select(colour) {
    this.colour = colour;
    const hex = colour === null || colour === KEEP ? "" : asHex(colour);
    this.hex.value = hex;
    this.#showWrong(false);
    this.keep.setAttribute("aria-pressed", colour === KEEP);
    this.#showOptions();
    if (hex) this.picker.value = hex;
    for (const swatch of this.element.querySelectorAll(".swatch")) {
      swatch.setAttribute("aria-pressed", swatch.dataset.colour === colour);
    }
  }

  close() {
    if (!this.isOpen) return;
    this.element.hidden = true;
    this.closed();
  }

  #fill(group, colours, name = null) {
    const swatches = colours.map((colour) =>
      swatchButton(name ?? colour, name ? "Keep it gray" : colour, () => this.#choose(name ?? colour), colour),
    );
    for (const swatch of swatches) swatch.setAttribute("aria-pressed", swatch.dataset.colour === this.colour);
    group.replaceChildren(...swatches);
    group.previousElementSibling.hidden = group.hidden = !group.childElementCount;
  }

  #choose(colour, run = null) {
    this.select(colour);
    this.removing.hidden = false;
    this.chosen(colour, run);
  }

  #typed() {
    const colour = asHex(this.hex.value);
    if (colour) this.#choose(colour);
    else this.#showWrong(this.hex.value.trim() !== "");
    return Boolean(colour);
  }

  #showWrong(isWrong) {
    this.hex.toggleAttribute("aria-invalid", isWrong);
    this.element.querySelector("#hex-wrong").hidden = !isWrong;
  }

  #setReach(reach, run = null) {
    this.reach.value = reach;
    this.optioned({ reach }, run);
    this.#showOptions();
  }

  /** Show the reach, and only the options that mean something for the color. */
  #showOptions() {
    const isKept = this.colour === KEEP;
    if (isKept) this.forAll.checked = false;
    this.forAll.disabled = isKept;
    this.reach.disabled = this.forAll.checked;
    this.element.querySelector("#reach-value").value = Number(this.reach.value).toFixed(2);
  }

  #key(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step || !event.target.classList.contains("swatch")) return;
    event.preventDefault();
    const swatches = [...this.element.querySelectorAll(".swatch")];
    swatches.at((swatches.indexOf(event.target) + step) % swatches.length).focus();
  }
}

function swatchButton(colour, label, clicked, shown = colour) {
  const swatch = document.createElement("button");
  swatch.className = "swatch";
  swatch.dataset.colour = colour;
  swatch.style.backgroundColor = shown;
  swatch.title = label;
  swatch.setAttribute("aria-label", label);
  swatch.addEventListener("click", clicked);
  return swatch;
}
