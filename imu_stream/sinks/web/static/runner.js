// The runner's view: to be read at a glance from three metres away.

import { Dial } from "./dial.js";
import { PLACES, STRIKES, TECHNIQUES, aboutAge, clockTime, cueWords } from "./words.js";

export const STALE_S = 0.5;
const STRIDE_S = 2;
const CUE_SHOWN_S = 5;
const SURE = 0.8;
const STEADY_DEG = 0.5;
const PAST_STRIKES = 8;
const BAND_WORDS = { low: "below your band", in: "in your band", high: "beyond your band", none: "" };

const by = (id) => document.getElementById(id);

// Text is changed only when it differs, so nothing is drawn or read out again in vain.
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function make(name, className, text = "") {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}

export class RunnerView {
  constructor(clock, say) {
    this.clock = clock;
    this.say = say;
    this.dial = new Dial(by("dial"));
    this.forget();
  }

  // Another connection tells everything anew.
  forget() {
    this.status = null;
    this.lean = null;
    this.cue = null;
    this.landings = { left_foot: [], right_foot: [] };
  }

  take(message) {
    const takers = { status: "takeStatus", lean: "takeLean", landing: "takeLanding", cue: "takeCue" };
    const taker = takers[message.kind];
    if (taker) this[taker](message);
  }

  takeStatus(status) {
    this.status = status;
    this.dial.show(status.band);
    this.showTechnique(status);
    this.showSensors(status);
    write(by("heart"), status.heart_bpm ? ` · ♥ ${status.heart_bpm}` : "");
    this.tick();
  }

  takeLean(lean) {
    this.lean = lean;
    by("lean-card").dataset.strideEnd = lean.t_s;
    this.tick();
  }

  takeLanding(landing) {
    const known = [...this.landings[landing.foot], landing];
    known.sort((one, other) => one.t_s - other.t_s);
    this.landings[landing.foot] = known.slice(-PAST_STRIKES);
    this.showFoot(landing.foot);
  }

  takeCue(cue) {
    if (this.clock.sinceS(cue.sent_s) > cue.expires_in_s) return;
    this.cue = cue;
    this.tick();
  }

  // Ages grow without messages too: called several times a second.
  tick() {
    const silence = this.silence("chest");
    const old = (this.lean?.smoothed_deg ?? null) === null || this.clock.sinceS(this.lean.sent_s) > STRIDE_S;
    this.showLean(silence, old);
    this.showCadence(silence, old);
    this.showCue(silence);
    for (const foot of ["left_foot", "right_foot"]) {
      by(foot).classList.toggle("frozen", this.silence(foot) !== null);
    }
    if (this.status) write(by("clock"), clockTime(this.status.session_s));
    this.showAges();
  }

  age(sensor) {
    return sensor.age_s === null ? null : sensor.age_s + this.clock.sinceS(this.status.sent_s);
  }

  // Why nothing is measured there now, or null when it is.
  silence(placement) {
    const sensor = this.status?.sensors.find((each) => each.placement === placement);
    const where = PLACES[placement].toLowerCase();
    if (!this.status) return "not connected";
    if (!sensor) return `no sensor: ${where}`;
    const age = this.age(sensor);
    if (age === null) return `${where}: waiting`;
    return age > STALE_S ? `${where} silent for ${aboutAge(age)}` : null;
  }

  showLean(silence, old) {
    const card = by("lean-card");
    const { lean, status } = this;
    const frozen = silence !== null || old;
    card.classList.toggle("frozen", frozen);
    const sure = lean !== null && lean.valid && lean.confidence >= SURE;
    by("lean-doubt").hidden = lean === null || sure;
    write(by("lean"), lean?.smoothed_deg?.toFixed(1).replace("-", "−") ?? "–");
    by("lean-stale").hidden = !frozen;
    write(by("lean-stale-why"), silence ?? this.whyNoStride());
    if (lean && !frozen) this.dial.lean(lean.smoothed_deg);
    card.dataset.band = lean && !frozen && status.band ? bandOf(lean.smoothed_deg, status.band) : "none";
    write(by("lean-band"), BAND_WORDS[card.dataset.band]);
    write(by("lean-target"), this.targetWords());
    this.showTrend(frozen);
    const words = lean && !frozen ? `Lean ${lean.smoothed_deg.toFixed(1)} degrees, ${by("lean-band").textContent}` : "No data";
    this.dial.say(words);
  }

  whyNoStride() {
    const chest = this.status?.sensors.find((each) => each.placement === "chest");
    if (chest && !chest.calibrated) return "stand still and upright";
    return this.lean ? "no running stride" : "waiting for running";
  }

  targetWords() {
    if (this.lean && !this.lean.valid) return "not calibrated: no cue from it";
    const band = this.status?.band;
    return band ? `target ${band.target_deg.toFixed(1)}°` : "learning your own lean";
  }

  showTrend(frozen) {
    const trend = this.lean?.trend_deg ?? 0;
    const steady = frozen || Math.abs(trend) < STEADY_DEG;
    const words = trend > 0 ? "↗ more" : "↘ less";
    write(by("lean-trend"), steady ? "" : `${words} than before`);
  }

  showCadence(silence, old) {
    by("cadence-card").classList.toggle("frozen", silence !== null || old);
    write(by("cadence"), this.lean?.cadence_spm?.toFixed(0) ?? "–");
  }

  showCue(silence) {
    const { words, why, tone } = this.cueState(silence);
    by("cue").dataset.tone = tone;
    write(by("cue-words"), words);
    write(by("cue-why"), why);
  }

  cueState(silence) {
    if (this.cue && this.clock.sinceS(this.cue.sent_s) < CUE_SHOWN_S) {
      const { words, how, tone } = cueWords(this.cue);
      return { words, why: how, tone };
    }
    if (!this.status) return { words: "Waiting for data", why: "", tone: "calm" };
    if (silence !== null) return { words: "No cues", why: silence, tone: "off" };
    if (this.status.paused) return { words: "Paused", why: "measuring goes on, no cues", tone: "off" };
    if (!this.status.band) return { words: "Run as you like", why: "learning your own lean", tone: "calm" };
    const given = this.status.cues === 1 ? "1 cue so far" : `${this.status.cues || "no"} cues so far`;
    if (by("lean-card").dataset.band !== "in") return { words: "No cue now", why: given, tone: "off" };
    return { words: "Silence means good", why: given, tone: "calm" };
  }

  showFoot(foot) {
    const known = this.landings[foot];
    const last = known.at(-1);
    const root = by(foot);
    const { letter, words } = STRIKES[last.strike_type];
    const badge = root.querySelector(".strike");
    badge.dataset.type = last.strike_type;
    badge.classList.toggle("unsure", last.confidence < SURE);
    write(badge.firstElementChild, letter);
    const angle = last.fsa_deg === null ? "" : ` ${last.fsa_deg.toFixed(0).replace("-", "−")}°`;
    const doubt = last.strike_type !== "unknown" && last.confidence < SURE ? ", unsure" : "";
    write(root.querySelector(".said"), `${words}${angle}${doubt}`);
    const past = known.map((each) => {
      const mark = make("li", each.confidence < SURE ? "unsure" : "");
      mark.dataset.type = each.strike_type;
      mark.dataset.at = each.t_s;
      const shown = make("span", "", STRIKES[each.strike_type].letter);
      mark.append(shown);
      return mark;
    });
    root.querySelector(".past").replaceChildren(...past);
  }

  showTechnique(status) {
    write(by("technique"), status.technique ? TECHNIQUES[status.technique] : "–");
    by("technique").dataset.technique = status.technique ?? "";
    const times = Object.entries(TECHNIQUES).map(([name, words]) => ({ name, words, seconds: status.technique_s[name] }));
    const total = times.reduce((sum, each) => sum + each.seconds, 0);
    const said = JSON.stringify(status.technique_s);
    if (said === this.saidTimes) return;
    this.saidTimes = said;
    const spent = times.filter((each) => each.seconds > 0);
    by("technique-bar").replaceChildren(
      ...spent.map(({ name, seconds }) => {
        const share = make("span", "share");
        share.dataset.technique = name;
        share.style.flexGrow = String(seconds / total);
        return share;
      }),
    );
    by("technique-times").replaceChildren(
      ...spent.map(({ name, words, seconds }) => {
        const row = make("li", "");
        const key = make("span", "patch");
        key.dataset.technique = name;
        row.append(key, make("span", "what", words), make("span", "time", clockTime(seconds)));
        return row;
      }),
    );
  }

  showSensors(status) {
    const list = by("sensors");
    if (list.children.length !== status.sensors.length) {
      list.replaceChildren(...status.sensors.map(() => chip()));
    }
    status.sensors.forEach((sensor, number) => {
      const root = list.children[number];
      root.dataset.placement = sensor.placement;
      write(root.querySelector(".name"), PLACES[sensor.placement]);
      const battery = sensor.battery_percent;
      write(root.querySelector(".battery"), battery === null ? "battery –" : `battery ${battery} %`);
      root.querySelector(".battery").classList.toggle("bad", battery !== null && battery <= 10);
      write(root.querySelector(".lost"), `${sensor.lost_percent.toFixed(1)} % lost`);
      root.querySelector(".lost").classList.toggle("bad", sensor.lost_percent >= 5);
    });
  }

  showAges() {
    this.status?.sensors.forEach((sensor, number) => {
      const root = by("sensors").children[number];
      const age = this.age(sensor);
      const silent = age === null || age > STALE_S;
      root.classList.toggle("silent", silent);
      const phase = sensor.phase && sensor.phase !== "streaming" ? `${sensor.phase}, ` : "";
      const words = age === null ? "waiting" : silent ? `silent for ${aboutAge(age)}` : "live";
      write(root.querySelector(".age"), `${phase}${words}`);
      this.sayOnce(sensor.placement, silent && age !== null);
    });
  }

  // A screen reader hears of a change, not of every second of it.
  sayOnce(placement, silent) {
    this.saidSilent ??= new Map();
    const before = this.saidSilent.get(placement) ?? false;
    if (before === silent) return;
    this.saidSilent.set(placement, silent);
    this.say(silent ? `No data: ${PLACES[placement]} is silent` : `${PLACES[placement]} is back`);
  }
}

function bandOf(degrees, band) {
  if (degrees < band.low_deg) return "low";
  return degrees > band.high_deg ? "high" : "in";
}

function chip() {
  const root = make("li", "chip");
  const dot = make("span", "dot");
  dot.setAttribute("aria-hidden", "true");
  root.append(dot, make("span", "name"), make("span", "age"), make("span", "lost"), make("span", "battery"));
  return root;
}
