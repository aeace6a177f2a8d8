// Earlier sessions that can be continued, and what is kept of this one: the undo histories of its photos.

import { ask, askJson, sendJson } from "./server.js";

const REST = 300; // milliseconds without a change before a history is kept
const MOST_STEPS = 60; // each way
const LARGEST = 900_000; // characters; the server takes a megabyte

/** The list of sessions to continue on the welcome page. */
export class Recent {
  /** `say(sentence)` speaks to the person; `refresh()` is called when a session was deleted. */
  constructor(section, { say, refresh }) {
    Object.assign(this, { section, say, refresh });
    this.list = section.querySelector("ul");
    this.all = section.querySelector("#forget-sessions");
    this.all.addEventListener("click", () => this.#do(ask("sessions", { method: "DELETE" })));
  }

  show(sessions) {
    this.section.hidden = !sessions.length;
    this.all.hidden = sessions.length < 2;
    this.list.replaceChildren(...sessions.map((session, number) => this.#row(session, number === 0)));
  }

  #row({ id, photos, names, changed }, isLast) {
    const row = document.createElement("li");
    const text = document.createElement("p");
    const title = document.createElement("strong");
    const what = photos === 1 ? "1 photo" : `${photos} photos`;
    title.textContent = `${what}, ${ago(changed)}`;
    const fine = document.createElement("span");
    fine.className = "fine";
    fine.textContent = names.map((name) => name.split("/").at(-1)).join(", ") + (photos > names.length ? ", …" : "");
    text.append(title, fine);
    const go = button("Continue", isLast ? "primary" : "", () => this.#do(this.#resume(id)));
    const forget = button("Delete", "quiet", () => this.#do(ask(`sessions/${id}`, { method: "DELETE" })));
    for (const each of [go, forget]) each.setAttribute("aria-label", `${each.textContent} the session of ${title.textContent}`);
    row.append(text, go, forget);
    return row;
  }

  async #resume(id) {
    const { failures } = await askJson(`sessions/${id}/continued`, { method: "POST" });
    failures.forEach((sentence) => this.say(sentence));
  }

  async #do(answer) {
    try {
      await answer;
    } catch (error) {
      this.say(error.message);
    }
    await this.refresh();
  }
}

/** Keeps undo histories on the server, and restores them. */
export class Histories {
  constructor() {
    this.changed = new Set();
    addEventListener("pagehide", () => this.#send({ keepalive: true }));
  }

  /** Keep the history of a photo from now on. */
  watch(photo) {
    photo.changes.changed = () => {
      photo.changes.isLoaded = true; // what was done here counts
      this.changed.add(photo);
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.#send(), REST);
    };
  }

  /** Restore the history of a photo that nothing was done to on this page; return whether there was one. */
  async load(photo) {
    const { changes } = photo;
    if (changes.isLoaded) return false;
    changes.isLoaded = true;
    try {
      const { past = [], future = [] } = await askJson(`photos/${photo.id}/history`);
      if (changes.past.length || changes.future.length) return false;
      Object.assign(changes, { past, future });
      return past.length + future.length > 0;
    } catch {
      changes.isLoaded = false; // asked again when the photo is opened again
      return false;
    }
  }

  #send(options = {}) {
    for (const { id, changes } of this.changed) {
      let steps = MOST_STEPS;
      const some = () => JSON.stringify({ past: changes.past.slice(-steps), future: changes.future.slice(-steps) });
      while (some().length > LARGEST && steps > 1) steps = Math.floor(steps / 2);
      ask(`photos/${id}/history`, { method: "PUT", body: some(), ...options }).catch(() => {}); // the next one has it, too
    }
    this.changed.clear();
  }
}

/** Keep settings of the page for later pages. */
export function keepPage(settings) {
  sendJson("page", settings, "PUT").catch(() => {}); // not worth a sentence
}

function button(text, name, clicked) {
  const made = document.createElement("button");
  made.textContent = text;
  made.className = name;
  made.addEventListener("click", clicked);
  return made;
}

/** How long ago a time is, in words. */
function ago(seconds) {
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  const passed = Date.now() / 1000 - seconds;
  for (const [unit, length] of [["day", 86_400], ["hour", 3_600], ["minute", 60]]) {
    if (passed >= length) return words.format(-Math.floor(passed / length), unit);
  }
  return "a moment ago";
}
