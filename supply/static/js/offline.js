// Forms with data-offline are kept on the device before they are sent, and wait there while there is no connection. The
// page says what waits where; what was refused is opened again on the server's own page, or given up knowingly. What was
// not on its way yet can be taken back. Other forms are not sent without a connection, and the page says that.
import { drop, keep, mark, readKept, takeBack } from "./kept.js";
import { sendKept } from "./sending.js";
import { sayNotSent, showKept } from "./tray.js";
import { serverAnswers, submitAs } from "./form-guard.js";
import { renewPages } from "./today.js";

const SOON_MS = 2000;
const LATE_MS = 30_000;
const FRAME = ["csrf_token", "idempotency_key"];
const tray = document.querySelector("[data-tray]");
const { person, personName, answered } = document.body.dataset;
let signedOut = false;
let timer;
let pause = SOON_MS;

export function startOffline(root) {
  if (!tray || !globalThis.indexedDB) return;
  if (person) root.addEventListener("submit", (event) => {
    const { target: form, submitter } = event;
    sayNotSent(tray, false);
    if (!form.matches("form[data-offline]")) return holdBack(event);
    event.preventDefault();
    take(form, submitter).catch(() => submitAs(form, submitter));
  }, true);
  addEventListener("lines:added", () => show());
  tray.addEventListener("click", (event) => act(event.target.closest("button")));
  root.addEventListener("click", async ({ target }) => {
    const sign = target.closest("[data-take-back]")?.closest("[data-kept-mark]");
    if (sign) await takeBack(person, sign.dataset.keptMark).then(() => show());
  });
  addEventListener("online", () => { sayNotSent(tray, false); tryAgain(SOON_MS); sendAndShow(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) sendAndShow(); });
  arrive().then(sendAndShow).catch(() => { /* storage is off: forms are sent as ever */ });
}

// The form guard keeps its own forms; signing out and locking forget first and try again by themselves. On the pages of
// today, where the Wi-Fi is bad, the server is asked for a sign of life first.
async function holdBack(event) {
  const { target: form, submitter } = event;
  if (form.method !== "post" || form.matches("[data-keep], [data-forget]")) return;
  if (navigator.onLine && document.body.dataset.keep === undefined) return;
  event.preventDefault();
  if (navigator.onLine && await serverAnswers()) { submitAs(form, submitter); return; }
  submitter?.removeAttribute("aria-busy");
  sayNotSent(tray, true);
}

function entryOf(form, submitter) {
  const fields = [...new FormData(form, submitter)];
  return {
    key: form.elements.idempotency_key.value, person, name: personName, action: form.getAttribute("action"), place: form.dataset.offline,
    label: form.dataset.offlineLabel, tappedAt: Date.now(), values: fields.filter(([name]) => !FRAME.includes(name)), state: "waiting",
  };
}

async function take(form, submitter) {
  const entry = entryOf(form, submitter);
  await keep(entry);
  const live = { key: entry.key, person, token: form.elements.csrf_token.value };
  const outcome = navigator.onLine ? await sendKept(tray.dataset.tray, live) : { later: true };
  if (outcome.done) return lead(outcome.location);
  if (outcome.refused) return submitAs(form, submitter);
  submitter?.removeAttribute("aria-busy");
  await show(outcome);
  tryAgain(SOON_MS);
  document.querySelector("[data-kept-mark]:not([hidden])")?.scrollIntoView({ block: "nearest" });
}

// An address that differs by its anchor alone would not bring the page anew.
function lead(address) {
  const target = new URL(address, location.href);
  const here = target.pathname === location.pathname && target.search === location.search;
  if (!here) return location.assign(target);
  history.replaceState(null, "", target);
  location.reload();
}

// What became of the forms that were left to the browser: their refusal is on this page, or they are sent again.
async function arrive() {
  for (const entry of (await readKept()).filter((one) => one.person === person)) {
    const here = entry.key === answered;
    if (entry.state === "shown") await (here ? drop(entry.key) : mark(entry.key, { state: "waiting" }));
    if (entry.state === "opened") await mark(entry.key, { state: here ? "refused" : "waiting" });
  }
}

function tryAgain(soon) {
  clearTimeout(timer);
  pause = soon;
  timer = setTimeout(sendAndShow, pause);
}

async function sendAndShow() {
  const before = await show();
  if (!before.some((entry) => entry.state === "waiting" && entry.person === person)) return;
  tryAgain(Math.min(2 * pause, LATE_MS));
  if (!navigator.onLine) return;
  const after = await show(await sendKept(tray.dataset.tray));
  const gone = before.filter((entry) => !after.some((one) => one.key === entry.key)).map((entry) => entry.place);
  if (gone.length) renewPages([...new Set(gone.map((place) => place.split("#")[0]))]);
  const here = [...document.querySelectorAll("[data-kept-mark]")].some((sign) => gone.includes(sign.dataset.keptMark));
  if (here && !document.querySelector("form[data-keep], .locked")) location.reload();
}

async function show(outcome) {
  const entries = (await readKept()).filter((entry) => ["waiting", "refused"].includes(entry.state));
  if (outcome) signedOut = Boolean(outcome.signedOut);
  showKept(tray, entries, { person, answered, signedOut });
  return entries;
}

async function act(button) {
  if (!button) return;
  const key = button.closest("[data-key]")?.dataset.key;
  if ("sendNow" in button.dataset) await sendAndShow();
  if ("discard" in button.dataset) { await drop(key); await show(); }
  if ("open" in button.dataset) await openAgain((await readKept()).find((entry) => entry.key === key)).catch(() => show({ later: true }));
}

// The server shows its own page with all that was entered, why it was refused and what can be done.
async function openAgain(entry) {
  const life = await (await fetch(tray.dataset.tray, { cache: "no-store" })).json();
  await mark(entry.key, { state: "opened" });
  const form = Object.assign(document.createElement("form"), { method: "post", action: entry.action });
  const frame = [["csrf_token", life.csrf_token], ["idempotency_key", entry.key], ["kept_by", entry.person], ["waited_ms", Math.max(0, Date.now() - entry.tappedAt)]];
  for (const [name, value] of [...entry.values, ...frame]) form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  document.body.append(form);
  HTMLFormElement.prototype.submit.call(form);
}
