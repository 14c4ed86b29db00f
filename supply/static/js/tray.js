// Draws what was kept: a tray on every page, a mark where it belongs. All words are the server's, in templates.
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
  tray.hidden = !own.length && !others.length;
  markPlaces(waiting);
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
  document.querySelectorAll("[data-kept-mark]").forEach((sign) => { sign.hidden = !places.has(sign.dataset.keptMark); });
  document.querySelectorAll("[data-offline-set]").forEach((part) => { part.hidden = places.has(part.dataset.offlineSet); });
}
