// The WebSocket: opened with the token, opened again when it breaks, closed when it falls silent.

const PROTOCOL = "imu-stream.live.1";
const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 8000;
const SILENCE_MS = 3000;
const PING_MS = 2000;
const FIRST_PINGS_MS = [0, 80, 160, 320];

export class Connection {
  #socket = null;
  #waitMs = FIRST_WAIT_MS;
  #heardMs = 0;
  #over = false;

  // `tell(message)` takes each message, `show(state, words)` how the connection is.
  constructor(token, clock, tell, show) {
    this.token = token;
    this.clock = clock;
    this.tell = tell;
    this.show = show;
    setInterval(() => this.#watch(), 500);
    setInterval(() => this.#ping(), PING_MS);
    window.addEventListener("online", () => this.#again(0));
  }

  open() {
    this.show("connecting", "connecting");
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/live`, [PROTOCOL, this.token]);
    this.#socket = socket;
    this.#heardMs = performance.now();
    socket.addEventListener("open", () => {
      this.#waitMs = FIRST_WAIT_MS;
      this.clock.forget();
      FIRST_PINGS_MS.forEach((ms) => setTimeout(() => this.#ping(), ms));
      this.show("live", "live");
    });
    socket.addEventListener("message", (event) => this.#hear(JSON.parse(event.data)));
    socket.addEventListener("close", () => this.#closed(socket));
  }

  send(request) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(request));
    return true;
  }

  #hear(message) {
    const nowMs = performance.now();
    this.#heardMs = nowMs;
    this.clock.heard(message.sent_s, nowMs);
    if (message.kind === "pong") {
      this.clock.answered(message.at_ms, message.sent_s, nowMs);
      return;
    }
    if (message.kind === "ended") {
      this.#over = true;
      this.show("over", "session ended");
    }
    this.tell(message);
  }

  #ping() {
    this.send({ kind: "ping", at_ms: performance.now() });
  }

  // A network can vanish without a word.
  #watch() {
    const silentMs = performance.now() - this.#heardMs;
    if (this.#socket?.readyState === WebSocket.OPEN && silentMs > SILENCE_MS) {
      const silent = this.#socket;
      this.#closed(silent);
      silent.close();
    }
  }

  async #closed(socket) {
    if (socket !== this.#socket || this.#over) return;
    this.#socket = null;
    this.show("lost", "no connection");
    const answer = await this.#mayEnter();
    if (answer === false) {
      this.#over = true;
      this.show("refused", "link not valid");
      return;
    }
    this.#again(this.#waitMs * (0.75 + 0.5 * Math.random()));
    this.#waitMs = Math.min(2 * this.#waitMs, LONGEST_WAIT_MS);
  }

  #again(waitMs) {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => {
      if (this.#socket === null && !this.#over) this.open();
    }, waitMs);
  }

  // A refused WebSocket does not say why: true, false, or null when nobody answers.
  async #mayEnter() {
    try {
      const headers = { Authorization: `Bearer ${this.token}` };
      const answer = await fetch("/access", { headers, cache: "no-store" });
      return answer.ok ? true : answer.status === 401 ? false : null;
    } catch {
      return null;
    }
  }
}
