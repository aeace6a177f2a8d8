// The photo as it is seen: original and colour in one canvas, a divider between them, zoom and pan.

const FARTHEST = 40; // CSS pixels for one of the photo's
const CLICK = 5; // pixels a pointer may move in a click

export class Stage {
  /** `clicked(place, point)` gets a place in pixels of the photo; `dragged(from, to)` returns whether the pointer draws,
   *  or else the photo moves; `released(isComplete)` ends that; `moved()` hears that another part is seen. */
  constructor(element, { clicked, dragged, released, moved }) {
    this.element = element;
    this.canvas = element.querySelector("canvas");
    this.divider = element.querySelector("#divider");
    Object.assign(this, { clicked, dragged, released, moved });
    this.share = 0.5; // where the divider stands, of what is seen of the photo
    this.showsOriginal = false;
    this.pointers = new Map();
    this.clear();
    new ResizeObserver(() => this.resized()).observe(element);
    this.#hearPointers();
    this.#hearDivider();
  }

  clear() {
    this.photo = this.placeholder = null;
    this.pictures = { original: null, colour: null };
    this.details = { original: null, colour: null };
    this.view = { scale: 1, x: 0, y: 0 };
    this.draw();
  }

  /** Show a photo of some size, whole; its pictures come later. */
  open(width, height) {
    this.clear();
    this.photo = { width, height };
    this.fit();
  }

  /** Show a small picture until those of the photo are there. */
  showMeanwhile(picture) {
    if (this.pictures.original || this.pictures.colour) return;
    this.placeholder = picture;
    this.draw();
  }

  /** Whether the photo is seen in color, so that places of it can be clicked. */
  get isReady() {
    return Boolean(this.photo && this.pictures.colour);
  }

  /** Show a picture of the whole photo on one side; what was seen of it in detail is of before. */
  show(side, picture) {
    this.pictures[side] = picture;
    this.placeholder = null;
    this.details[side] = null;
    this.draw();
  }

  /** Show a part of the photo in more detail; `box` is in pixels of the photo. */
  showDetail(side, picture, box) {
    this.details[side] = { picture, box };
    this.draw();
  }

  get fitScale() {
    return Math.min(this.#scaleFor(this.photo), 4);
  }

  /** The scale at which all of something is seen. */
  #scaleFor({ width, height }) {
    const { clientWidth, clientHeight } = this.element;
    const margin = Math.min(24, clientWidth / 16);
    return Math.max(1e-4, Math.min((clientWidth - 2 * margin) / width, (clientHeight - 2 * margin) / height));
  }

  fit() {
    if (!this.photo) return;
    const scale = this.fitScale;
    this.isFit = true;
    this.view = {
      scale,
      x: (this.element.clientWidth - this.photo.width * scale) / 2,
      y: (this.element.clientHeight - this.photo.height * scale) / 2,
    };
    this.#changed();
  }

  /** Zoom by a factor, around a place of the stage. */
  zoom(factor, at = this.middle) {
    if (!this.photo) return;
    const before = this.view;
    const scale = Math.min(FARTHEST, Math.max(this.fitScale / 2, before.scale * factor));
    this.isFit = false;
    this.view = {
      scale,
      x: at.x - ((at.x - before.x) * scale) / before.scale,
      y: at.y - ((at.y - before.y) * scale) / before.scale,
    };
    this.#changed();
  }

  zoomToPixels() {
    this.zoom(1 / devicePixelRatio / this.view.scale);
  }

  pan(across, down) {
    this.isFit = false;
    this.view = { ...this.view, x: this.view.x + across, y: this.view.y + down };
    this.#changed();
  }

  get middle() {
    return { x: this.element.clientWidth / 2, y: this.element.clientHeight / 2 };
  }

  /** A place of the stage in pixels of the photo, whole ones; null beside the photo. */
  placeAt(x, y) {
    if (!this.photo) return null;
    const place = { x: Math.floor((x - this.view.x) / this.view.scale), y: Math.floor((y - this.view.y) / this.view.scale) };
    const isInside = place.x >= 0 && place.y >= 0 && place.x < this.photo.width && place.y < this.photo.height;
    return isInside ? place : null;
  }

  /** The place of the photo that is nearest to a point of the stage. */
  nearestPlace(x, y) {
    const inside = (value, side) => Math.min(side - 1, Math.max(0, Math.floor(value / this.view.scale)));
    return { x: inside(x - this.view.x, this.photo.width), y: inside(y - this.view.y, this.photo.height) };
  }

  /** Where the middle of a photo's pixel is on the stage. */
  pointOf(place) {
    const { scale, x, y } = this.view;
    return { x: x + (place.x + 0.5) * scale, y: y + (place.y + 0.5) * scale };
  }

  /** What is seen of the photo: whole pixels [left, top, right, bottom], and the size that shows all of it. */
  seen() {
    const { scale, x, y } = this.view;
    const { width, height } = this.photo;
    const left = Math.max(0, Math.floor(-x / scale));
    const top = Math.max(0, Math.floor(-y / scale));
    const right = Math.min(width, Math.ceil((this.element.clientWidth - x) / scale));
    const bottom = Math.min(height, Math.ceil((this.element.clientHeight - y) / scale));
    const finest = Math.min(1, scale * devicePixelRatio);
    return {
      box: [left, top, right, bottom],
      size: [Math.ceil((right - left) * finest), Math.ceil((bottom - top) * finest)],
      isEmpty: right <= left || bottom <= top,
    };
  }

  /** The colour that is shown at a place of the stage, "#rrggbb". */
  colourAt(x, y) {
    const [red, green, blue] = this.canvas
      .getContext("2d")
      .getImageData(Math.round(x * devicePixelRatio), Math.round(y * devicePixelRatio), 1, 1).data;
    return "#" + [red, green, blue].map((level) => level.toString(16).padStart(2, "0")).join("");
  }

  setDivider(share) {
    this.share = Math.min(1, Math.max(0, share));
    this.divider.setAttribute("aria-valuenow", Math.round(this.share * 100));
    this.draw();
  }

  showOriginal(isShown) {
    this.showsOriginal = isShown;
    this.draw();
  }

  resized() {
    const { clientWidth, clientHeight } = this.element;
    this.canvas.width = Math.round(clientWidth * devicePixelRatio);
    this.canvas.height = Math.round(clientHeight * devicePixelRatio);
    if (this.photo && this.isFit) this.fit();
    else this.#changed();
  }

  draw() {
    const context = this.canvas.getContext("2d", { willReadFrequently: true });
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.divider.hidden = !this.photo || !this.pictures.colour;
    if (this.placeholder) this.#drawPlaceholder(context);
    if (!this.photo) return;
    const { left, right } = this.#seenAcross();
    const at = left + (right - left) * (this.showsOriginal ? 1 : this.share);
    this.divider.style.transform = `translateX(${at}px)`;
    this.element.style.setProperty("--divider", `${at}px`);
    this.#drawSide(context, "original", 0, this.pictures.colour ? at : this.element.clientWidth);
    this.#drawSide(context, "colour", at, this.element.clientWidth);
  }

  #drawPlaceholder(context) {
    const { naturalWidth: width, naturalHeight: height } = this.placeholder;
    const size = this.photo ?? (width ? { width, height } : this.placeholder);
    const scale = this.photo ? this.view.scale : this.#scaleFor(size);
    const [across, down] = [size.width, size.height].map((side) => side * scale * devicePixelRatio);
    const [left, top] = this.photo
      ? [this.view.x * devicePixelRatio, this.view.y * devicePixelRatio]
      : [(this.canvas.width - across) / 2, (this.canvas.height - down) / 2];
    context.imageSmoothingQuality = "high";
    context.drawImage(this.placeholder, left, top, across, down);
  }

  #drawSide(context, side, from, to) {
    const { scale, x, y } = this.view;
    const ratio = devicePixelRatio;
    context.save();
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.beginPath();
    context.rect(from, 0, Math.max(0, to - from), this.element.clientHeight);
    context.clip();
    context.translate(x, y);
    context.scale(scale, scale);
    context.imageSmoothingQuality = "high";
    const whole = this.pictures[side];
    if (whole) context.drawImage(whole, 0, 0, this.photo.width, this.photo.height);
    const detail = this.details[side];
    if (detail) {
      const [left, top, right, bottom] = detail.box;
      context.imageSmoothingEnabled = scale * ratio < 3;
      context.drawImage(detail.picture, left, top, right - left, bottom - top);
    }
    context.restore();
  }

  #seenAcross() {
    const { scale, x } = this.view;
    return { left: Math.max(0, x), right: Math.min(this.element.clientWidth, x + this.photo.width * scale) };
  }

  #changed() {
    this.draw();
    this.moved();
  }

  #at(event) {
    const bounds = this.element.getBoundingClientRect();
    return { x: event.clientX - bounds.left, y: event.clientY - bounds.top };
  }

  #hearPointers() {
    const { canvas, pointers } = this;
    let travelled = 0;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, this.#at(event));
      travelled = pointers.size > 1 ? Infinity : 0;
      if (pointers.size > 1) this.released(false);
    });
    canvas.addEventListener("pointermove", (event) => {
      const before = pointers.get(event.pointerId);
      if (!before || !this.photo) return;
      const now = this.#at(event);
      const [across, down] = [now.x - before.x, now.y - before.y];
      travelled += Math.hypot(across, down);
      if (travelled <= CLICK) return;
      pointers.set(event.pointerId, now);
      if (pointers.size === 1) {
        if (travelled < Infinity && this.isReady && this.dragged(before, now)) return;
        this.pan(across, down);
        return;
      }
      const other = [...pointers].find(([id]) => id !== event.pointerId)[1];
      const spread = (point) => Math.max(1, Math.hypot(point.x - other.x, point.y - other.y));
      this.pan(across / 2, down / 2);
      this.zoom(spread(now) / spread(before), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
    });
    const ended = (event) => {
      const began = pointers.get(event.pointerId);
      pointers.delete(event.pointerId);
      if (!began) return;
      const isClick = event.type === "pointerup" && travelled <= CLICK;
      if (isClick) this.#click(this.#at(event));
      else this.released(event.type === "pointerup");
    };
    canvas.addEventListener("pointerup", ended);
    canvas.addEventListener("pointercancel", ended);
    this.element.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), this.#at(event));
      },
      { passive: false },
    );
  }

  #click(point) {
    const place = this.placeAt(point.x, point.y);
    if (place && this.isReady) this.clicked(place, point);
  }

  /** Its line is dragged, but a click on it is one on the photo below. */
  #hearDivider() {
    const { divider } = this;
    let began = null;
    divider.addEventListener("pointerdown", (event) => {
      began = event.target === divider && event.button === 0 ? this.#at(event) : null;
      divider.setPointerCapture(event.pointerId);
      event.preventDefault();
      divider.focus();
    });
    divider.addEventListener("pointermove", (event) => {
      if (!divider.hasPointerCapture(event.pointerId)) return;
      const at = this.#at(event);
      if (began && Math.hypot(at.x - began.x, at.y - began.y) <= CLICK) return;
      began = null;
      const { left, right } = this.#seenAcross();
      this.setDivider((at.x - left) / Math.max(1, right - left));
    });
    divider.addEventListener("pointerup", () => {
      if (began) this.#click(began);
      began = null;
    });
    divider.addEventListener("dblclick", (event) => {
      if (event.target !== divider) this.setDivider(0.5);
    });
    const steps = { ArrowLeft: -0.02, ArrowRight: 0.02, ArrowDown: -0.02, ArrowUp: 0.02, PageDown: -0.1, PageUp: 0.1 };
    divider.addEventListener("keydown", (event) => {
      const target = { Home: 0, End: 1 }[event.key] ?? this.share + steps[event.key];
      if (Number.isNaN(target)) return;
      event.preventDefault();
      event.stopPropagation();
      this.setDivider(target);
    });
  }
}
