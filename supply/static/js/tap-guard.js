// A wet finger taps twice: two submits within 800 ms count once, also when the first one has already
// brought the next page and the second tap meets another button there.
const WINDOW_MS = 800;
const KEY = "supply.tapped";

function lastTap() {
  try { return Number(sessionStorage.getItem(KEY)) || 0; } catch { return 0; }
}

export function guardTaps(root) {
  let last = lastTap();
  root.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    const now = Date.now();
    if (now >= last && now - last < WINDOW_MS) { event.preventDefault(); event.stopImmediatePropagation(); return; }
    last = now;
    try { sessionStorage.setItem(KEY, String(now)); } catch { /* storage is off: the guard still holds on this page */ }
    event.submitter?.setAttribute("aria-busy", "true");
  }, true);
  addEventListener("pageshow", () => root.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy")));
}
