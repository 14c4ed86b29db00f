// Locks the shared tablet when nobody has touched it for a while. The server forgets the session by itself; this takes
// what it showed off the screen.
import { forgetPages } from "./today.js";

const CHECK_MS = 5000;

export function start(form) {
  const wait = Number(form.dataset.lockAfter) * 1000;
  let touched = Date.now();
  for (const kind of ["pointerdown", "keydown", "wheel", "touchmove"])
    addEventListener(kind, () => { touched = Date.now(); }, { capture: true, passive: true });
  let asked = false;
  const look = () => { if (asked || Date.now() - touched >= wait) lock(form); };
  form.addEventListener("submit", (event) => {
    if (navigator.onLine) return;
    event.preventDefault();
    asked = true;
    look();
  });
  setInterval(look, CHECK_MS);
  addEventListener("visibilitychange", look);
  addEventListener("pageshow", look);
}

// Without a connection there is no other page to show: this one is covered until the names can be fetched, also when
// somebody locked it by hand.
async function lock(form) {
  document.body.classList.add("locked");
  await forgetPages();
  try {
    await fetch(document.body.dataset.ping, { method: "HEAD", cache: "no-store" });
    form.submit();
  } catch { /* still away: the next look tries again */ }
}
