// The server's clock as seen from here, by pings: the quicker the answer, the surer.

const KEPT_MS = 60_000;

export class ServerClock {
  #answers = [];
  #guess = null;

  // An answer to a ping that left at `atMs` came back at `nowMs`.
  answered(atMs, sentS, nowMs) {
    const tripMs = nowMs - atMs;
    const aheadMs = sentS * 1000 - (atMs + nowMs) / 2;
    this.#answers = this.#answers.filter((each) => nowMs - each.nowMs < KEPT_MS);
    this.#answers.push({ nowMs, tripMs, aheadMs });
  }

  // Before the first answer: a message cannot have come before it was sent.
  heard(sentS, nowMs) {
    this.#guess ??= sentS * 1000 - nowMs;
  }

  // Another connection may lead to another server.
  forget() {
    this.#answers = [];
    this.#guess = null;
  }

  get aheadMs() {
    if (!this.#answers.length) return this.#guess ?? 0;
    return this.#answers.reduce((best, each) => (each.tripMs < best.tripMs ? each : best)).aheadMs;
  }

  // Seconds since the server sent something, by now.
  sinceS(sentS, nowMs = performance.now()) {
    return Math.max(0, (nowMs + this.aheadMs) / 1000 - sentS);
  }
}
