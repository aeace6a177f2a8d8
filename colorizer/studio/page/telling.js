// What the page says: sentences at its top, and how far the work is.

export class Notices {
  constructor(element) {
    this.element = element;
  }

  /** Say a sentence; one of the same `kind` gives way to it. One that `stays` ends when it is ended. With an `action`,
   *  {label, act}, it has a button that acts and ends it. */
  say(sentence, kind = sentence, stays = false, action = null) {
    this.end(kind);
    if (!sentence) return;
    const notice = document.createElement("p");
    notice.className = "notice";
    notice.dataset.kind = kind;
    notice.textContent = sentence;
    notice.classList.toggle("is-plain", stays || action !== null);
    if (action) {
      const button = document.createElement("button");
      button.textContent = action.label;
      button.addEventListener("click", () => {
        notice.remove();
        action.act();
      });
      notice.append(button);
    }
    if (!stays) {
      const close = document.createElement("button");
      close.className = "quiet";
      close.textContent = "×";
      close.setAttribute("aria-label", "Close this message");
      close.addEventListener("click", () => notice.remove());
      notice.append(close);
    }
    this.element.append(notice);
    while (this.element.childElementCount > 4) this.element.firstElementChild.remove();
  }

  end(kind) {
    for (const notice of this.element.querySelectorAll("p")) if (notice.dataset.kind === kind) notice.remove();
  }
}

export class Progress {
  constructor(text, bar, stop, goOn) {
    Object.assign(this, { text, bar, stop, goOn });
    this.intake = { done: 0, total: 0 };
    this.colours = null;
    this.states = [];
    this.films = 0;
  }

  /** Photos are being sent. */
  taking(said) {
    this.intake = said;
    this.#show();
  }

  /** Photos are being coloured: {done, total, rate, seconds}. */
  colouring(said) {
    this.colours = said;
    this.#show();
  }

  count(photos) {
    this.states = photos.map(({ state }) => state);
    this.films = photos.filter(({ film }) => film).length;
    this.#show();
  }

  #show() {
    const is = (wanted) => this.states.filter((state) => state === wanted).length;
    const [waiting, stopped, failed] = ["waiting", "stopped", "failed"].map(is);
    const { done, total } = this.intake;
    const isTaking = done < total;
    this.stop.hidden = !isTaking && !waiting;
    this.goOn.hidden = !stopped || !this.stop.hidden;
    this.bar.hidden = this.stop.hidden;
    const all = this.states.length;
    const inColour = is("ready");
    if (isTaking) {
      this.bar.value = done / total;
      this.text.textContent = `Taking in ${done + 1} of ${total} · ${inColour} in color${this.#pace()}`;
    } else if (waiting) {
      this.bar.value = (all - waiting) / all;
      this.text.textContent = `${all - waiting} of ${all} in color${this.#pace()}`;
    } else {
      const films = this.films;
      const parts = all > films || !films ? [`${all - films} ${all - films === 1 ? "photo" : "photos"}`] : [];
      if (films) parts.push(`${films} ${films === 1 ? "film" : "films"}`);
      if (failed) parts.push(`${failed} could not be read`);
      if (stopped) parts.push(`${stopped} left gray`);
      this.text.textContent = all ? parts.join(" · ") : "";
    }
  }

  #pace() {
    const { rate, seconds } = this.colours ?? {};
    if (!rate || !seconds) return "";
    const whole = Math.round(seconds);
    const left = `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
    return ` · ${rate.toFixed(1)} photos/s · ${left} left`;
  }
}
