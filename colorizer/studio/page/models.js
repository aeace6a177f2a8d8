// The models there are, and the one that colours.

import { sendJson } from "./server.js";

export class Models {
  constructor(select, line, { say }) {
    Object.assign(this, { select, line });
    this.models = [];
    select.addEventListener("change", async () => {
      select.disabled = true;
      try {
        await sendJson("model", { id: select.value });
      } catch (error) {
        say(error.message);
        this.use(this.id);
      }
      select.disabled = false;
    });
  }

  /** Show the models as the server describes them, and which one is used. */
  show(models, id) {
    this.models = models;
    this.select.replaceChildren(...models.map((model) => new Option(model.name, model.id)));
    this.use(id);
  }

  /** Show that a model is used. */
  use(id) {
    this.id = this.select.value = id;
    this.line.textContent = this.models.find((model) => model.id === id)?.line ?? "";
  }
}
