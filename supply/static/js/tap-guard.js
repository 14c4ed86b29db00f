// A wet finger taps twice: within 800 ms a form is sent once, and a second tap on the same spot counts for nothing even
// if the first one has already brought the next page and another button lies there now.
const WINDOW_MS = 800;
const NEAR_PX = 48;
const KEY = "supply.tapped";

function lastTap() {
  try { return JSON.parse(sessionStorage.getItem(KEY)) ?? {}; } catch { return {}; }
}

function remember(tap) {
  try { sessionStorage.setItem(KEY, JSON.stringify(tap)); } catch { /* storage is off: the guard still holds on this page */ }
}

function near(one, other) {
  return Boolean(one && other) && Math.hypot(one.x - other.x, one.y - other.y) <= NEAR_PX;
}

export function guardTaps(root) {
  let last = lastTap();
  let spot = null; // where the pointer clicked; a key press has no place
  let lastForm = null;
  root.addEventListener("click", (event) => {
    spot = event.detail ? { x: event.clientX, y: event.clientY } : null;
  }, true);
  root.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    const now = Date.now();
    const soon = now >= last.at && now - last.at < WINDOW_MS;
    if (soon && (form === lastForm || near(spot, last.spot))) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    last = { at: now, spot };
    lastForm = form;
    remember(last);
    event.submitter?.setAttribute("aria-busy", "true");
  }, true);
  addEventListener("pageshow", () => root.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy")));
}
