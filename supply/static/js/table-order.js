// The order of a table that somebody chose is kept for the next time, without a tap on the button that does it otherwise.
export function start(form) {
  form.hidden = true;
  fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" }).catch(() => { form.hidden = false; });
}
