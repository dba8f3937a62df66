// Opens the connection and hands every message to the views.

import { ServerClock } from "./clock.js";
import { CoachView } from "./coach.js";
import { Connection } from "./connection.js";
import { PhoneView } from "./phone.js";
import { RunnerView } from "./runner.js";
import { cueWords } from "./words.js";

const TICK_MS = 100;
const VIEWS = ["runner", "phone", "coach"];
const by = (id) => document.getElementById(id);

// The token comes behind the #, which no browser sends anywhere; then it leaves the address bar.
function takeToken() {
  const given = location.hash.slice(1);
  if (given) {
    sessionStorage.setItem("token", given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return sessionStorage.getItem("token");
}

function chosenView() {
  const asked = new URLSearchParams(location.search).get("view");
  return VIEWS.includes(asked) ? asked : "runner";
}

function showView(name) {
  VIEWS.forEach((view) => (by(view).hidden = view !== name));
  document.body.dataset.view = name;
  for (const link of document.querySelectorAll("[data-view]:is(a)")) {
    if (link.dataset.view === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  coach.shown(name === "coach");
}

function showMessage(text) {
  by("message").hidden = !text;
  by("message").textContent = text;
}

const WORDS = {
  lost: "No connection to the session. Trying again; what you see is old.",
  over: "The session has ended.",
  refused: "This link is not valid any more: open the one that the session printed when it began.",
};

function showLink(state, words) {
  by("link").dataset.state = state;
  by("link-text").textContent = words;
  showMessage(WORDS[state] ?? "");
  say(WORDS[state] ?? "");
}

function say(words) {
  by("say").textContent = words;
}

function take(message) {
  if (message.kind === "hello") {
    runner.forget();
    if (message.is_replay) by("link-text").textContent = "replay";
  }
  for (const view of [runner, phone, coach]) view.take(message);
  if (message.kind === "cue" && clock.sinceS(message.sent_s) <= message.expires_in_s) {
    by("say-now").textContent = cueWords(message).words;
  }
}

const clock = new ServerClock();
const token = takeToken();
const connection = new Connection(token, clock, take, showLink);
const send = (request) => connection.send(request);
const runner = new RunnerView(clock, say);
const phone = new PhoneView(clock, send);
const coach = new CoachView(clock, send);

for (const link of document.querySelectorAll("nav a")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    history.pushState(null, "", link.getAttribute("href"));
    showView(chosenView());
  });
}
window.addEventListener("popstate", () => showView(chosenView()));
setInterval(() => runner.tick(), TICK_MS);
showView(chosenView());
if (token) connection.open();
else showLink("refused", "no link");
