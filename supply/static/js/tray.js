// Draws what was kept: a tray on every page, a mark where it belongs. All words are the server's, in templates.
import { isUntried } from "./kept.js";

const clock = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hour12: false });
const clone = (template) => template.content.firstElementChild.cloneNode(true);

export function showKept(tray, entries, { person, answered, signedOut }) {
  const own = entries.filter((entry) => entry.person === person && entry.key !== answered);
  const waiting = own.filter((entry) => entry.state === "waiting");
  fill(tray.querySelector("[data-waiting]"), waiting);
  fill(tray.querySelector("[data-refused]"), own.filter((entry) => entry.state === "refused"));
  tray.querySelectorAll("[data-why]").forEach((words) => { words.hidden = words.dataset.why !== (signedOut ? "signed-out" : "no-connection"); });
  const others = entries.filter((entry) => entry.person !== person);
  fillOthers(tray.querySelector("[data-others]"), others);
  tray.hidden = !own.length && !others.length && tray.querySelector("[data-not-sent]").hidden;
  markPlaces(waiting);
}

// What cannot wait was not sent, and the page says so; what waits is another matter.
export function sayNotSent(tray, yes) {
  const words = tray.querySelector("[data-not-sent]");
  words.hidden = !yes;
  if (!yes) return;
  tray.hidden = false;
  words.scrollIntoView({ block: "center" });
}

function fill(part, entries) {
  part.hidden = !entries.length;
  part.querySelector("[data-count]").textContent = entries.length;
  const list = part.querySelector("ul");
  list.replaceChildren(...entries.map((entry) => {
    const row = clone(part.querySelector("template"));
    row.dataset.key = entry.key;
    row.querySelector("[data-label]").textContent = entry.label;
    row.querySelector("[data-time]").textContent = clock.format(entry.tappedAt);
    const reason = row.querySelector("[data-reason]");
    if (reason) reason.textContent = entry.problem?.detail ?? "";
    const link = row.querySelector("a");
    if (link) link.href = entry.place;
    return row;
  }));
}

function fillOthers(part, entries) {
  const template = part.querySelector("template");
  const people = new Map(entries.map((entry) => [entry.person, entry.name]));
  const rows = [...people].map(([person, name]) => {
    const row = clone(template);
    row.querySelectorAll("[data-name]").forEach((place) => { place.textContent = name; });
    row.querySelector("[data-count]").textContent = entries.filter((entry) => entry.person === person).length;
    return row;
  });
  part.hidden = !rows.length;
  part.replaceChildren(template, ...rows);
}

// Where something waits, its buttons give way to the mark, so that it is not tapped a second time.
function markPlaces(waiting) {
  const places = new Set(waiting.map((entry) => entry.place));
  for (const sign of document.querySelectorAll("[data-kept-mark]")) {
    const here = waiting.filter((entry) => entry.place === sign.dataset.keptMark);
    const untried = here.every(isUntried);
    sign.hidden = !here.length;
    sign.querySelector("[data-take-back]").hidden = !untried;
    sign.querySelector("[data-tried]").hidden = untried;
  }
  document.querySelectorAll("[data-offline-set]").forEach((part) => { part.hidden = places.has(part.dataset.offlineSet); });
  // What comes after them is offered as soon as all of these wait; in this order they are sent.
  document.querySelectorAll("[data-offline-after]").forEach((part) => { part.hidden = !part.dataset.offlineAfter.split(" ").every((place) => places.has(place)); });
}
