// The phone as output: one touch unlocks sound and vibration; then it only waits for cues.

import { playTones } from "./sound.js";
import { cueWords } from "./words.js";

const SHOWN_MS = 4000;
const by = (id) => document.getElementById(id);

export class PhoneView {
  constructor(clock, send) {
    this.clock = clock;
    this.send = send;
    this.context = null;
    this.hello = null;
    this.given = new Set();
    by("start").addEventListener("click", () => this.start());
    by("try").addEventListener("click", () => this.give({ cue: "lean_more", level: 1 }));
    document.addEventListener("visibilitychange", () => this.stayAwake());
  }

  take(message) {
    if (message.kind === "hello") this.hello = message;
    if (message.kind === "cue") this.takeCue(message);
  }

  async start() {
    this.context ??= new AudioContext({ latencyHint: "interactive" });
    await this.context.resume();
    const vibrates = Boolean(navigator.vibrate?.(40));
    this.vibrates = vibrates;
    by("phone-sound").textContent = this.context.state === "running" ? "on" : "not allowed";
    by("phone-vibration").textContent = vibrates ? "on" : "not on this phone: sound alone";
    by("start").dataset.on = "true";
    by("start").setAttribute("aria-pressed", "true");
    by("start-text").textContent = "Ready";
    by("phone-cue").textContent = "Ready. Silence means good";
    by("try").disabled = false;
    await this.stayAwake();
  }

  // The lock falls whenever the page is hidden, and sound may have been taken by a call.
  async stayAwake() {
    if (this.context === null || document.visibilityState !== "visible") return;
    if (this.context.state !== "running") await this.context.resume();
    by("phone-screen").textContent = await this.lockScreen();
  }

  async lockScreen() {
    if (!navigator.wakeLock) {
      return window.isSecureContext ? "may go dark: set it so in the phone" : "may go dark: --tls keeps it awake";
    }
    try {
      this.lock = await navigator.wakeLock.request("screen");
      return "stays awake";
    } catch {
      return "may go dark: battery saver?";
    }
  }

  takeCue(cue) {
    if (this.given.has(cue.number) || this.clock.sinceS(cue.sent_s) > cue.expires_in_s) return;
    this.given.add(cue.number);
    if (this.context === null) return;
    const ways = this.give(cue);
    ways.forEach((way) => this.send({ kind: "given", number: cue.number, by: way }));
    this.count = (this.count ?? 0) + 1;
    by("phone-count").textContent = this.count === 1 ? "1 cue" : `${this.count} cues`;
  }

  // By what it was given.
  give(cue) {
    const pattern = this.hello?.patterns[cue.cue];
    if (!pattern || this.context === null) return [];
    const ways = [];
    if (this.context.state === "running") {
      playTones(this.context, pattern.tones, this.loudness(cue.level), this.hello.fade_s);
      ways.push("sound");
    }
    if (pattern.vibration_ms.length && navigator.vibrate?.(pattern.vibration_ms)) ways.push("vibration");
    this.flash(cue);
    return ways;
  }

  loudness(level) {
    const { peak, gains } = this.hello;
    return Math.min(1, peak * gains[Math.min(level, gains.length) - 1]);
  }

  flash(cue) {
    const { words, tone } = cueWords(cue);
    by("phone-cue").textContent = words;
    by("phone-cue").dataset.tone = tone;
    clearTimeout(this.fading);
    this.fading = setTimeout(() => {
      by("phone-cue").textContent = "Ready. Silence means good";
      by("phone-cue").dataset.tone = "calm";
    }, SHOWN_MS);
  }
}
