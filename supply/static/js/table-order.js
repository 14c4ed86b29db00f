// The order and the filters of a table that somebody chose are kept for the next time, without a tap on the button that does it otherwise.
export function start(form) {
  form.hidden = true;
  fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" }).catch(() => { form.hidden = false; });
}
