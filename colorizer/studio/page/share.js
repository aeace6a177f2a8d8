// A picture of before and after, to a file or to the clipboard.

import { ask, download } from "./server.js";

const find = (id) => document.getElementById(id);

export class Share {
  /** `ready()` resolves when the server knows the newest colours; `divider()` is where the divider stands, 0 to 1. */
  constructor({ ready, divider }) {
    Object.assign(this, { ready, divider });
    this.dialog = find("share");
    const on = (id, kind, heard) => find(id).addEventListener(kind, heard);
    on("share-quality", "input", () => this.#show(false));
    this.dialog.addEventListener("change", () => this.#show());
    on("share-close", "click", () => this.dialog.close());
    on("share-save", "click", () => {
      download(this.#address());
      this.#say("The picture is with your downloads.");
    });
    on("share-copy", "click", () => this.#copy());
  }

  /** Ask how a photo is to be shown before and after. */
  async open(photo) {
    await this.ready();
    this.photo = photo;
    this.dialog.showModal();
    this.#show();
  }

  #chosen(name) {
    return this.dialog.querySelector(`[name="${name}"]:checked`).value;
  }

  #address(format = this.#chosen("format")) {
    const { id, changes } = this.photo;
    const percent = Math.round(this.divider() * 100);
    const asked = { layout: this.#chosen("layout"), format, quality: find("share-quality").value, percent };
    return `photos/${id}/compared?${new URLSearchParams({ ...asked, revision: changes.revision })}`;
  }

  #show(isPictured = true) {
    find("share-quality-value").value = find("share-quality").value;
    find("share-quality").disabled = this.#chosen("format") === "png";
    if (isPictured) find("share-preview").src = this.#address("jpg");
    this.#say("");
  }

  async #copy() {
    try {
      const blob = ask(this.#address("png")).then((answer) => answer.blob());
      await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
      this.#say("The picture is in your clipboard.");
    } catch (error) {
      this.#say(error.name === "NotAllowedError" ? "The browser does not allow this; save it instead." : error.message);
    }
  }

  #say(sentence) {
    find("share-said").textContent = sentence;
  }
}
