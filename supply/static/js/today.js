// Today's pages are kept by the service worker, where there is one (HTTPS and this very machine), and forgotten on this
// device as soon as nobody is signed in. A page says when there is no connection, and of when it is.
import { serverAnswers } from "./form-guard.js";

const { person, worker, keptPages, keep } = document.body.dataset;
const fromWorker = "kept" in document.body.dataset;

export function startToday() {
  // What was said when the copy was made was said then.
  if (fromWorker) document.querySelectorAll("[data-said]").forEach((said) => said.replaceChildren());
  addEventListener("offline", () => { document.body.dataset.kept = ""; });
  addEventListener("online", async () => {
    if (!await serverAnswers()) return;
    if (fromWorker && !document.querySelector("form[data-keep], .locked")) location.reload();
    else if ("kept" in document.body.dataset) document.body.dataset.kept = "back";
  });
  if (!navigator.serviceWorker || !globalThis.caches) return;
  if (!person) { forgetPages(); return; }
  document.addEventListener("submit", ({ target }) => { if ("forget" in target.dataset) forgetPages(); });
  navigator.serviceWorker.register(worker).catch(() => { /* without one, pages need the connection */ });
  if (keep !== undefined && !fromWorker) tell({ keep: keptPages });
}

// A page whose taps were sent meanwhile must not be shown as it was before.
export const renewPages = (paths) => tell({ renew: paths });

async function tell(message) {
  (await navigator.serviceWorker?.ready)?.active?.postMessage(message);
}

// Signing out and locking forget them at once, with or without a connection.
export async function forgetPages() {
  if (!globalThis.caches) return;
  const names = (await caches.keys()).filter((name) => name.startsWith("pages|"));
  await Promise.all(names.map((name) => caches.delete(name)));
}
