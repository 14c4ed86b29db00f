// Shows what a form would come to while it is written: asks the server as the button named "trial" does, and exchanges
// the parts marked data-trial-part. A part with data-trial-keep stays, with what was typed, while that value is the same.
const PAUSE_MS = 500;

export function start(box) {
  const form = box.closest("form");
  const button = form?.querySelector("button[name=trial]");
  if (!button) return;
  let timer = 0;
  let asked = null;
  const ask = () => { clearTimeout(timer); timer = setTimeout(refresh, PAUSE_MS); };
  async function refresh() {
    asked?.abort();
    asked = new AbortController();
    const told = new FormData(form);
    told.set(button.name, button.value);
    try {
      const answer = await fetch(form.action, { method: "POST", body: told, cache: "no-store", signal: asked.signal });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      box.querySelectorAll("[data-trial-part]").forEach((part) => exchange(part, page));
    } catch { /* no connection, or asked anew meanwhile: what is shown stays */ }
  }
  form.addEventListener("input", ask);
  form.addEventListener("change", ask);
  // What was written before this script came, or what the browser put back on a reload, was heard by nobody.
  if ([...form.querySelectorAll("input, textarea")].some(written)) ask();
}

function written(field) {
  return field.value !== field.defaultValue || field.checked !== field.defaultChecked;
}

function exchange(part, page) {
  const fresh = page.querySelector(`[data-trial-part="${part.dataset.trialPart}"]`);
  if (!fresh || (part.dataset.trialKeep && part.dataset.trialKeep === fresh.dataset.trialKeep)) return;
  part.replaceChildren(...fresh.childNodes);
  if (fresh.dataset.trialKeep) part.dataset.trialKeep = fresh.dataset.trialKeep;
}
