// The coach's view: the last minutes as strips, what happened, and the hands on the session.

import { Strips } from "./strips.js";
import { CUES, MOMENTS, PLACES, clockTime } from "./words.js";

const LOG_LINES = 60;
const SURE_MS = 4000;
const by = (id) => document.getElementById(id);

export class CoachView {
  constructor(clock, send) {
    this.clock = clock;
    this.send = send;
    this.isShown = false;
    this.strips = null;
    this.moments = [];
    this.paused = false;
    this.connectControls();
  }

  take(message) {
    switch (message.kind) {
      case "hello":
        this.welcome(message);
        break;
      case "status":
        this.takeStatus(message);
        break;
      case "history":
        this.takeHistory(message);
        break;
      case "moment":
        this.moments.push(message);
        this.logged(message);
        this.strips?.mark(message);
        break;
      case "denied":
        by("answer").textContent = `Not done: ${message.reason}`;
        break;
      case "missed":
        by("answer").textContent = `${message.count} messages were lost: this connection is slow`;
        break;
      default:
        this.strips?.take(message);
    }
  }

  shown(isShown) {
    this.isShown = isShown;
    if (!isShown) return;
    if (!this.strips) {
      this.strips = new Strips(by("strips"), this.clock);
      this.send({ kind: "history" });
    }
    this.strips.show(this.status);
  }

  welcome(hello) {
    by("controls").hidden = !hello.may_control;
    by("watching").hidden = hello.may_control;
    if (hello.is_replay) by("watching").textContent = "This is a replay: it can be watched, not changed.";
    if (this.strips) this.send({ kind: "history" });
  }

  takeStatus(status) {
    this.status = status;
    this.paused = status.paused;
    by("pause").textContent = status.paused ? "Start again" : "Pause";
    by("laps").textContent = status.laps ? `(${status.laps})` : "";
    if (status.band && document.activeElement !== by("target")) by("target").value = status.band.target_deg;
    if (this.isShown) this.strips?.show(status);
  }

  takeHistory(history) {
    this.strips?.fill(history);
    this.moments = [...history.moments];
    by("log").replaceChildren();
    this.moments.forEach((moment) => this.logged(moment));
  }

  logged(moment) {
    const line = document.createElement("li");
    const time = document.createElement("time");
    time.textContent = clockTime(moment.t_s);
    const words = document.createElement("span");
    words.textContent = momentWords(moment);
    line.dataset.what = moment.what;
    line.append(time, words);
    by("log").prepend(line);
    while (by("log").children.length > LOG_LINES) by("log").lastElementChild.remove();
  }

  connectControls() {
    by("pause").addEventListener("click", () => this.mark(this.paused ? "resume" : "pause"));
    by("lap").addEventListener("click", () => this.mark("lap"));
    by("note-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.mark("note", by("note").value.trim());
      by("note").value = "";
    });
    by("target-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.setTarget(Number(by("target").value));
    });
    by("target-less").addEventListener("click", () => this.setTarget(Number(by("target").value) - 0.5));
    by("target-more").addEventListener("click", () => this.setTarget(Number(by("target").value) + 0.5));
    by("stop").addEventListener("click", () => this.stop());
    by("span").addEventListener("change", (event) => this.strips?.reach(Number(event.target.value)));
  }

  mark(mark, text = "") {
    this.ask({ kind: "mark", mark, text }, MOMENTS[mark]);
  }

  setTarget(degrees) {
    const target = Math.min(25, Math.max(0, degrees));
    by("target").value = target;
    this.ask({ kind: "set_target", target_deg: target }, `Target ${target}°`);
  }

  // Ending a run by a slip of the finger would be a pity: it takes two.
  stop() {
    const button = by("stop");
    if (button.dataset.sure) {
      this.ask({ kind: "stop" }, "Stopped");
      return;
    }
    button.dataset.sure = "true";
    button.textContent = "Really stop?";
    setTimeout(() => {
      delete button.dataset.sure;
      button.textContent = "Stop";
    }, SURE_MS);
  }

  ask(request, words) {
    by("answer").textContent = this.send(request) ? words : "Not done: no connection";
  }
}

function momentWords({ what, where, text }) {
  if (what === "cue") return `${MOMENTS.cue}: ${CUES[text].words.toLowerCase()}`;
  const place = where ? `, ${PLACES[where].toLowerCase()}` : "";
  return `${MOMENTS[what] ?? what}${place}${text ? `: ${text}` : ""}`;
}
