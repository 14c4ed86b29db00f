// The field that scans: Enter (a scanner types it), a picture and the camera all ask the server, one after the other, and
// only the parts of the page that answer are exchanged, so that the next code can follow at once. Nothing is saved by it.
// Where a scan leads to a form of its own (a line to count), the number comes next: the box makes room, and is open again on
// the page that follows.
import { startCamera } from "./scan-live.js";
import { shrunk } from "./scan-picture.js";

const AGAIN = "supply.scan-again";

export function start(box) {
  const form = box.closest("form");
  const field = box.querySelector("[name=scanned]");
  const button = box.querySelector("[data-scan-send]");
  const picture = box.querySelector("[name=picture]");
  if (!form || !field || !button) return;
  box.classList.add("has-scan");
  // Each asks with what the one before has filled in; what is typed elsewhere meanwhile stays.
  let queue = Promise.resolve();
  const meanwhile = new Map();
  form.addEventListener("input", ({ target }) => meanwhile.set(target.name, target.value));

  async function ask(name, value) {
    const told = new FormData(form);
    meanwhile.clear();
    told.delete("picture");
    told.delete("scanned");
    told.append(name, value);
    button.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(button.formAction, { method: "POST", body: told, cache: "no-store" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!show(page, box)) return location.reload();
      const line = document.querySelector("[data-scan-filled]:has(> form)");
      if (line) makeRoom(box, button.formAction, line);
      meanwhile.forEach((text, at) => { if (form.elements[at] && at !== "picture") form.elements[at].value = text; });
    } catch {
      say(box, box.dataset.lost);
      if (name === "scanned" && !field.value) field.value = value;
    } finally {
      button.removeAttribute("aria-busy");
    }
  }
  const line = (name, value) => { queue = queue.then(() => ask(name, value)); };
  function typed() {
    const text = field.value;
    field.value = "";
    field.focus();
    if (text.trim()) line("scanned", text);
  }

  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    typed();
  });
  button.addEventListener("click", (event) => { event.preventDefault(); typed(); });
  picture?.addEventListener("change", async () => {
    const [file] = picture.files;
    if (!file) return;
    const smaller = await shrunk(file);
    picture.value = "";
    line("picture", new File([smaller], "photo.jpg", { type: smaller.type }));
  });
  const again = readAgain(button.formAction);
  startCamera(box, (text) => line("scanned", text), again?.live);
  addEventListener("hashchange", () => { if (location.hash === `#${box.id}`) field.focus(); });
  if (again) location.hash = box.id;
}

function makeRoom(box, action, line) {
  const live = box.querySelector("[data-scan-live][aria-pressed=true]");
  live?.click();
  try { sessionStorage.setItem(AGAIN, JSON.stringify({ action, live: Boolean(live) })); } catch { /* storage is off: one more tap */ }
  location.hash = line.id;
  line.querySelector("[inputmode=decimal]")?.focus();
}

// Only for what was being scanned: another page's box stays closed.
function readAgain(action) {
  try {
    const again = JSON.parse(sessionStorage.getItem(AGAIN));
    sessionStorage.removeItem(AGAIN);
    return again?.action === action ? again : null;
  } catch { return null; }
}

// Exchanges the answered parts; whether the answer was a page of this kind at all.
function show(page, box) {
  const parts = [...document.querySelectorAll("[data-scan-part]")];
  const fresh = parts.map((part) => page.querySelector(`[data-scan-part="${part.dataset.scanPart}"]`));
  if (!fresh.every(Boolean)) return false;
  parts.forEach((part, at) => {
    part.replaceChildren(...fresh[at].childNodes);
    part.dispatchEvent(new CustomEvent("lines:added", { bubbles: true, detail: part }));
  });
  const hit = document.querySelector("[data-scan-filled]") ?? box.querySelector("[data-scan-hit]");
  hit?.classList.add("scan-fresh");
  hit?.scrollIntoView({ block: "nearest" });
  if (hit) navigator.vibrate?.(40);
  return true;
}

function say(box, words) {
  const place = box.querySelector("[data-scan-part=said]");
  const line = Object.assign(document.createElement("p"), { className: "field-error", textContent: words });
  place?.replaceChildren(line);
}
