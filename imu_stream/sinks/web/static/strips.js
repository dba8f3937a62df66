// Lean, strike angle, contact time and cadence over the last minutes; dots alone, so that what was
// not measured stays empty.

import { clockTime } from "./words.js";

const KEPT_S = 320;
const DRAW_MS = 200;
const HEIGHT = 132;

const STRIPS = [
  { name: "Lean", unit: "°", source: "lean", value: (each) => each.lean_deg, range: [-2, 18] },
  { name: "Strike angle", unit: "°", source: "contact", value: (each) => each.fsa_deg, range: [-15, 25] },
  { name: "Contact time", unit: "ms", source: "contact", value: (each) => each.contact_time_s && 1000 * each.contact_time_s, range: [150, 350] },
  { name: "Cadence", unit: "/min", source: "contact", value: (each) => each.cadence_spm, range: [150, 200] },
];

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export class Strips {
  constructor(root, clock) {
    this.root = root;
    this.clock = clock;
    this.spanS = 180;
    this.points = { lean: [], contact: [] };
    this.moments = [];
    this.status = null;
    this.charts = STRIPS.map((strip) => this.#chart(strip));
    new ResizeObserver(() => this.#resize()).observe(root);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#rebuild());
    setInterval(() => this.#draw(), DRAW_MS);
  }

  take(message) {
    if (message.kind in this.points) this.points[message.kind].push(message);
  }

  mark(moment) {
    this.moments.push(moment);
  }

  fill(history) {
    this.points = { lean: [...history.leans], contact: [...history.contacts] };
    this.moments = [...history.moments];
    this.#draw(true);
  }

  show(status) {
    this.status = status ?? this.status;
  }

  reach(seconds) {
    this.spanS = seconds;
    this.#draw(true);
  }

  get #nowS() {
    return this.status?.session_s ?? 0;
  }

  #draw() {
    if (this.root.closest("[hidden]")) return;
    const since = this.#nowS - KEPT_S;
    for (const kind of ["lean", "contact"]) {
      this.points[kind] = this.points[kind].filter((each) => each.t_s > since);
    }
    this.moments = this.moments.filter((each) => each.end_s > since);
    this.charts.forEach(({ plot, strip, figure }) => {
      plot.setData(this.#data(strip), false);
      const endS = Math.max(this.#nowS, this.spanS);
      plot.setScale("x", { min: endS - this.spanS, max: endS });
      this.#describe(strip, figure);
    });
  }

  // One row of times for both feet; where a foot has no value there is none.
  #data(strip) {
    const points = this.points[strip.source].toSorted?.((a, b) => a.t_s - b.t_s) ?? [...this.points[strip.source]].sort((a, b) => a.t_s - b.t_s);
    const times = points.map((each) => each.t_s);
    if (strip.source === "lean") return [times, points.map(strip.value)];
    const of = (foot) => points.map((each) => (each.foot === foot ? strip.value(each) : null));
    return [times, of("left_foot"), of("right_foot")];
  }

  #describe(strip, figure) {
    const value = this.points[strip.source].map(strip.value).filter((each) => each !== null).at(-1);
    const words = value === undefined ? "no value yet" : `last ${strip.unit === "°" ? value.toFixed(1) : `${value.toFixed(0)} `}${strip.unit}`;
    const shown = figure.querySelector("figcaption span");
    if (shown.textContent !== words) shown.textContent = words;
  }

  #chart(strip) {
    const figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    const title = document.createElement("strong");
    title.textContent = strip.name;
    caption.append(title, document.createElement("span"));
    const place = document.createElement("div");
    place.setAttribute("aria-hidden", "true");
    figure.append(caption, place);
    this.root.append(figure);
    return { strip, figure, place, plot: this.#plot(strip, place) };
  }

  #plot(strip, place) {
    const muted = colour("--muted");
    const grid = { stroke: colour("--line"), width: 1 };
    const axis = { stroke: muted, grid, ticks: { show: false }, font: "12px system-ui, sans-serif" };
    const dots = (stroke, fill) => ({ stroke, paths: () => null, points: { show: true, size: 6, width: 1.5, stroke, fill } });
    const series =
      strip.source === "lean"
        ? [dots(colour("--lean"), colour("--lean"))]
        : [dots(colour("--left"), colour("--left")), dots(colour("--right"), colour("--card"))];
    const options = {
      width: place.clientWidth || 600,
      height: HEIGHT,
      padding: [6, 18, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false }, y: { range: (_, low, high) => around(strip.range, low, high) } },
      axes: [
        { ...axis, size: 26, values: (_, splits) => splits.map(clockTime) },
        { ...axis, size: 44, values: (_, splits) => splits.map((each) => String(each).replace("-", "−")) },
      ],
      series: [{}, ...series],
      hooks: { drawClear: [(plot) => this.#background(plot, strip)] },
    };
    return new uPlot(options, [[], ...series.map(() => [])], place);
  }

  // The band of the lean, what was not measured, and the marks.
  #background(plot, strip) {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    if (strip.source === "lean" && this.status?.band) this.#band(plot, this.status.band);
    for (const moment of this.moments) this.#moment(plot, moment);
    ctx.restore();
  }

  #band(plot, band) {
    const { ctx, bbox } = plot;
    const top = plot.valToPos(band.high_deg, "y", true);
    const bottom = plot.valToPos(band.low_deg, "y", true);
    ctx.fillStyle = colour("--band");
    ctx.fillRect(bbox.left, top, bbox.width, bottom - top);
  }

  #moment(plot, moment) {
    const { ctx, bbox } = plot;
    const from = plot.valToPos(moment.t_s, "x", true);
    if (moment.what === "gap") {
      const to = plot.valToPos(moment.end_s, "x", true);
      ctx.fillStyle = colour("--gap");
      ctx.fillRect(from, bbox.top, Math.max(to - from, 2), bbox.height);
      return;
    }
    ctx.fillStyle = colour(moment.what === "cue" ? "--cue-mark" : "--muted");
    ctx.fillRect(from - 1, bbox.top, 2, bbox.height);
  }

  #resize() {
    for (const { plot, place } of this.charts) {
      if (place.clientWidth) plot.setSize({ width: place.clientWidth, height: HEIGHT });
    }
  }

  #rebuild() {
    this.charts.forEach((chart) => {
      chart.plot.destroy();
      chart.plot = this.#plot(chart.strip, chart.place);
    });
  }
}

// The usual range, wider when a value lies outside.
function around([least, most], low, high) {
  return [Math.min(least, low ?? least), Math.max(most, high ?? most)];
}
