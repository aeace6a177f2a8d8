// The open film as a whole: what it is, its colouring, its colours played and saved.

import { addressOf, ask, download, sendJson } from "./server.js";
import { clock } from "./timeline.js";

const find = (id) => document.getElementById(id);
const QUIET = 1_000; // milliseconds between two sentences of how far it is, for who hears them read

export class Film {
  /** `ready()` resolves when the server knows the newest hints; `seek(seconds)` shows the frame of a time. */
  constructor({ say, ready, seek, place }) {
    Object.assign(this, { say, ready, seek, place });
    this.photo = null;
    this.spoke = 0;
    this.player = find("player");
    const on = (id, heard) => find(id).addEventListener("click", heard);
    on("film-colour", () => this.#start());
    on("film-stop", () => this.#ask(ask(`${addressOf(this.photo)}/colouring`, { method: "DELETE" })));
    on("film-play", () => (this.player.hidden ? this.#play() : this.#stopAtFrame()));
    on("film-save", () => this.save());
    on("film-save-both", () => this.save("both"));
    find("film-both").addEventListener("change", () => this.show());
    this.player.addEventListener("error", () => {
      if (this.player.hidden) return;
      this.endPlay();
      this.say("This browser cannot play a film of this kind; save it and play it with another program.");
    });
  }

  /** Show the open photo if it is a film, and nothing otherwise. */
  open(photo) {
    this.endPlay();
    this.photo = photo?.film && photo.state !== "failed" ? photo : null;
    if (this.photo) find("film-both").checked = this.photo.film.is_side_by_side;
    find("photo-saving").hidden = Boolean(photo?.film);
    find("film").hidden = !this.photo;
    this.show();
  }

  /** Show what has become of the open film. */
  show() {
    if (!this.photo) return;
    const { film, width, height } = this.photo;
    const { stage, done, frames, said, is_changed, is_side_by_side, has_result, has_side_by_side } = film;
    const rate = film.rate && `${Number(film.rate.toFixed(3))} frames/s`;
    const sound = film.sound ? `sound (${film.sound.split("_")[0].toUpperCase()})` : "silent";
    const facts = [`${width} × ${height}`, film.seconds && clock(film.seconds), rate, sound];
    find("film-facts").textContent = width ? facts.filter(Boolean).join(" · ") : "";
    const isAtWork = stage === "queued" || stage === "colouring";
    const isOther = is_changed || is_side_by_side !== find("film-both").checked;
    const isBegun = done > 0 && !isOther;
    find("film-colour").textContent =
      stage === "done" ? "Color the film again" : isBegun ? "Go on coloring" : "Color the film";
    find("film-colour").hidden = isAtWork || (stage === "done" && !isOther);
    find("film-stop").hidden = find("film-bar").hidden = !isAtWork;
    find("film-both").disabled = isAtWork;
    find("film-play").hidden = find("film-save").hidden = !has_result;
    find("film-save").classList.toggle("primary", stage === "done" && !isOther);
    find("film-save-both").hidden = !has_side_by_side;
    const kept = done ? `${done.toLocaleString("en")} of ${frames.toLocaleString("en")} frames are in color and kept.` : "";
    const sentences = {
      queued: ["It waits until another film is in color."],
      colouring: ["Looking at the film…"],
      stopped: ["Stopped.", kept],
      broken: [said, kept],
      done: [is_changed ? "Its colors have been changed since it was colored." : "The film is in color.", said],
    };
    const sentence = (sentences[stage] ?? []).filter(Boolean).join(" ");
    if (this.sentence !== stage + sentence) this.#say(sentence, true);
    this.sentence = stage + sentence;
    if (!isAtWork) find("film-bar").value = 0;
  }

  /** A film is being coloured: {id, done, total, rate, seconds}. */
  colouring({ id, done, total, rate, seconds }) {
    if (this.photo?.id !== id || this.photo.film.stage !== "colouring") return;
    find("film-bar").value = total ? done / total : 0;
    const pace = rate && seconds ? ` · ${rate.toFixed(0)} frames/s · ${clock(seconds)} left` : "";
    this.#say(`${done.toLocaleString("en")} of ${total.toLocaleString("en")} frames${pace}`, false);
  }

  /** Save the film in colour, if there is one. */
  async save(side = "") {
    if (!this.photo?.film.has_result) return;
    if (this.place.value === "downloads") return download(`${addressOf(this.photo)}/colour?save=1&side=${side}`);
    try {
      this.#say(await this.place.deliver(this.photo, side), true);
    } catch (error) {
      this.say(error.message);
    }
  }

  #say(sentence, isNews) {
    if (!isNews && performance.now() - this.spoke < QUIET) return;
    this.spoke = performance.now();
    find("film-said").textContent = sentence;
  }

  async #start() {
    const { photo } = this; // another one may be open once the server knows all
    const side_by_side = find("film-both").checked;
    await this.ready();
    this.endPlay();
    this.#ask(sendJson(`${addressOf(photo)}/colouring`, { side_by_side }));
  }

  async #ask(answer) {
    try {
      await answer;
    } catch (error) {
      this.say(error.message);
    }
  }

  #play() {
    this.player.hidden = false;
    this.player.src = `${addressOf(this.photo)}/colour?version=${this.photo.version}`;
    this.player.currentTime = this.photo.time ?? 0;
    this.player.play().catch(() => {}); // what cannot be played is told by its own event
    this.player.focus({ preventScroll: true });
    find("film-play").textContent = "Back to its frames";
  }

  #stopAtFrame() {
    const { currentTime } = this.player;
    this.endPlay();
    this.seek(currentTime);
  }

  /** Show frames again instead of the player. */
  endPlay() {
    if (this.player.hidden) return;
    this.player.hidden = true;
    this.player.removeAttribute("src");
    this.player.load();
    find("film-play").textContent = "Play the film";
  }
}
