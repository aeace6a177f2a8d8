// Whether the studio answers, and what is done once it does again.

const LATER = 2_000; // milliseconds

/** `begin()` asks what the server knows now; `again(photo)` for a photo's colours, whose request was lost. */
export class Connection {
  constructor(notices, { begin, again }) {
    Object.assign(this, { notices, begin, again });
  }

  lost() {
    const sentence = "The studio does not answer: was it ended? Start it again where it was started.";
    this.notices.say(sentence, "lost", true);
    document.body.classList.add("is-lost");
  }

  /** One request was lost, which need not mean that the studio is. */
  lostFor(photo) {
    this.lost();
    setTimeout(async () => {
      if (await this.found()) this.again(photo);
    }, LATER);
  }

  /** Return whether the studio answers. */
  async found() {
    try {
      await this.begin();
    } catch (error) {
      this.notices.say(error.message, "lost", true);
      return false;
    }
    this.notices.end("lost");
    document.body.classList.remove("is-lost");
    return true;
  }
}
