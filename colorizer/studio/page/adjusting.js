// How colourful the open photo is, whether its contrast is restored, and what is undone.

import { hintsHere, withHintsHere } from "./changes.js";

const find = (id) => document.getElementById(id);

export class Adjusting {
  /** `changed()` is told that the colours of the open photo are others; `undone()` comes before it. */
  constructor({ changed, undone }) {
    Object.assign(this, { changed, undone });
    const vividness = find("vividness");
    vividness.addEventListener("input", () => this.change({ vividness: Number(vividness.value) }, "vividness"));
    vividness.addEventListener("change", () => this.photo?.changes.endRun());
    vividness.addEventListener("dblclick", () => this.change({ vividness: 1 }));
    const contrast = find("restore-contrast");
    contrast.addEventListener("change", () => this.change({ restore_contrast: contrast.checked }));
    const repair = find("repair");
    repair.addEventListener("change", () => this.change({ repair: repair.checked }));
    find("clear-hints").addEventListener("click", () => {
      if (this.photo) this.change({ hints: withHintsHere(this.photo, []) });
    });
    find("undo").addEventListener("click", () => this.undo(false));
    find("redo").addEventListener("click", () => this.undo(true));
    this.open(null);
  }

  /** Work on a photo; on none if it is null. */
  open(photo) {
    this.photo = photo;
    this.show();
  }

  show() {
    const { hints, vividness, restore_contrast, repair } = this.photo?.changes.now ?? { hints: [], vividness: 1 };
    find("vividness").value = vividness;
    find("vividness-value").value = vividness.toFixed(2);
    find("restore-contrast").checked = Boolean(restore_contrast);
    find("repair").checked = Boolean(repair);
    find("undo").disabled = !this.photo?.changes.past.length;
    find("redo").disabled = !this.photo?.changes.future.length;
    const here = this.photo ? hintsHere(this.photo) : [];
    find("save-hints").disabled = !hints.length;
    find("clear-hints").disabled = !here.length;
    find("hints-help").hidden = here.length > 0;
    for (const id of ["contrast", "repair-row", "adjust-all"]) find(id).hidden = Boolean(this.photo?.film);
  }

  /** Change the colours of the open photo; what belongs to one `run` is undone together. */
  change(colours, run = null) {
    if (!this.photo) return;
    this.photo.changes.make({ ...this.photo.changes.now, ...colours }, run);
    this.changed();
  }

  undo(isForward) {
    if (!this.photo || !(isForward ? this.photo.changes.redo() : this.photo.changes.undo())) return;
    this.undone();
    this.changed();
  }
}
