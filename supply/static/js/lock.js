// Locks the shared tablet when nobody has touched it for a while, or by hand. The server forgets the session; this takes
// what it showed off the screen, without a connection too: then the page stays covered, also when it is opened again,
// until the server has been told.
import { forgetPages } from "./today.js";

const CHECK_MS = 5000;
const LOCKED = "supply.locked";

export function start(form) {
  const wait = Number(form.dataset.lockAfter) * 1000;
  let touched = Date.now();
  for (const kind of ["pointerdown", "keydown", "wheel", "touchmove"])
    addEventListener(kind, () => { touched = Date.now(); }, { capture: true, passive: true });
  const look = () => { if (isLocked() || Date.now() - touched >= wait) lock(form); };
  setInterval(look, CHECK_MS);
  addEventListener("visibilitychange", look);
  addEventListener("pageshow", look);
  form.addEventListener("submit", (event) => {
    if (navigator.onLine) return;
    event.preventDefault();
    lock(form);
  });
  look();
}

async function lock(form) {
  document.body.classList.add("locked");
  remember(true);
  await forgetPages();
  try {
    await fetch(document.body.dataset.ping, { method: "HEAD", cache: "no-store" });
    remember(false);
    form.submit();
  } catch { /* still away: the next look tries again */ }
}

function isLocked() {
  try { return Boolean(localStorage.getItem(LOCKED)); } catch { return false; }
}

function remember(yes) {
  try { yes ? localStorage.setItem(LOCKED, "yes") : localStorage.removeItem(LOCKED); } catch { /* storage is off: the page is covered all the same */ }
}
