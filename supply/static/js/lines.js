// Adds a row to a repeated part of a form (the lines of a delivery). The server draws spare rows for those without a
// script; here [data-lines] holds the rows, a <template> whose names carry __row__, and the button [data-add-line].
export function start(box) {
  const template = box.querySelector("template");
  const button = box.querySelector("[data-add-line]");
  if (!template || !button) return;
  let next = Number(box.dataset.lines);
  button.hidden = false;
  button.addEventListener("click", () => {
    const row = document.createElement("template");
    row.innerHTML = template.innerHTML.replaceAll("__row__", String(next));
    next += 1;
    const added = row.content.firstElementChild;
    template.before(row.content);
    box.dispatchEvent(new CustomEvent("lines:added", { bubbles: true, detail: added }));
    added.querySelector("input:not([type=hidden]), select")?.focus();
  });
}
