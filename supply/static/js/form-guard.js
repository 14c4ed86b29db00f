// Nothing typed is lost: before a form with data-keep leaves, the server is asked for a sign of life. Without one the
// values (with the form's idempotency key) stay in this tab, the form says "not saved yet", and trying again sends the
// same key, so a delivery is never logged twice. Secrets and files are never kept; a draft belongs to one person.
import { draftKey, dropDraft, readDraft, writeDraft } from "./drafts.js";

const WAIT_MS = 4000;
const NEVER = "input[type=password], input[type=file], input[name=csrf_token]";

export async function serverAnswers() {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), WAIT_MS);
  try {
    return (await fetch(document.body.dataset.ping, { method: "HEAD", cache: "no-store", signal: patience.signal })).ok;
  } catch { return false; } finally { clearTimeout(timer); }
}

function keep(form, state) {
  const values = [...form.elements].filter((field) => field.name && !field.matches(NEVER) && (!/checkbox|radio/.test(field.type) || field.checked))
    .map((field) => [field.name, field.value]);
  writeDraft(draftKey(form), { state, values });
}

function restore(form, values) {
  const left = new Map();
  values.forEach(([name, value]) => left.set(name, [...(left.get(name) ?? []), value]));
  for (const field of form.elements) {
    if (!field.name || field.matches(NEVER)) continue;
    if (/checkbox|radio/.test(field.type)) field.checked = (left.get(field.name) ?? []).includes(field.value);
    else if (left.get(field.name)?.length) field.value = left.get(field.name).shift();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

export function start(form) {
  const words = form.querySelector("[data-unsaved]");
  const sayUnsaved = (yes) => { if (words) words.hidden = !yes; };
  const draft = readDraft(draftKey(form));
  if (draft) { restore(form, draft.values); sayUnsaved(true); }
  // Not a submit button: Enter would press the first one of the form, even unseen.
  words?.querySelector("[data-retry]")?.addEventListener("click", () => (form.querySelector("[type=submit]:not([formaction])") ?? form).click());
  form.addEventListener("reset", () => dropDraft(draftKey(form)));
  form.addEventListener("submit", async (event) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    const { submitter } = event;
    keep(form, "unsent");
    if (await serverAnswers()) {
      keep(form, "sent");
      submitAs(form, submitter);
    } else {
      submitter?.removeAttribute("aria-busy");
      sayUnsaved(true);
      words?.scrollIntoView({ block: "center" });
    }
  });
}

// form.submit() skips the tap guard, which has counted this tap, but also the button's own name and value.
export function submitAs(form, submitter) {
  if (submitter?.name) {
    const chosen = Object.assign(document.createElement("input"), { type: "hidden", name: submitter.name, value: submitter.value });
    form.append(chosen);
    addEventListener("pageshow", () => chosen.remove(), { once: true });
  }
  HTMLFormElement.prototype.submit.call(form);
}
