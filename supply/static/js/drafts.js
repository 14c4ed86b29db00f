// What was typed into forms and is not known to be saved, in this tab only, per person, page and form.
const PREFIX = "supply.draft|";

export const draftKey = (form) => PREFIX + [document.body.dataset.person ?? "", location.pathname, form.getAttribute("action")].join("|");

export function readDraft(key) {
  try { return JSON.parse(sessionStorage.getItem(key)); } catch { return null; }
}

export function writeDraft(key, draft) {
  try { sessionStorage.setItem(key, JSON.stringify(draft)); } catch { /* storage is off or full: the page still works */ }
}

export function dropDraft(key) {
  try { sessionStorage.removeItem(key); } catch { /* storage is off */ }
}

// A draft that was sent has arrived once the server answers with any page. After Back or a reload the answer may never
// have come, so the draft stays.
export function dropArrived() {
  const [visit] = performance.getEntriesByType("navigation");
  if (visit?.type !== "navigate") return;
  let keys = [];
  try { keys = Object.keys(sessionStorage); } catch { /* storage is off */ }
  keys.filter((key) => key.startsWith(PREFIX) && readDraft(key)?.state === "sent").forEach(dropDraft);
}
