// Adds a row to a repeated part of a form (the lines of a delivery). The server draws spare rows for those without a
// script; here [data-lines] holds the rows, a <template> whose names carry __row__, and the button [data-add-line].
// In a part that grows (data-grows) the spare ones wait out of sight (.spare) until the row before them is filled.
export function start(box) {
  const template = box.querySelector("template");
  const button = box.querySelector("[data-add-line]");
  if (!template || !button) return;
  let next = Number(box.dataset.lines);
  button.hidden = false;

  function more() {
    const spare = box.querySelector(".spare");
    if (spare) {
      spare.classList.remove("spare");
      return spare;
    }
    const row = document.createElement("template");
    row.innerHTML = template.innerHTML.replaceAll("__row__", String(next));
    next += 1;
    const added = row.content.firstElementChild;
    template.before(row.content);
    box.dispatchEvent(new CustomEvent("lines:added", { bubbles: true, detail: added }));
    return added;
  }
  button.addEventListener("click", () => more().querySelector("input:not([type=hidden]), select")?.focus());
  if (!("grows" in box.dataset)) return;

  function grow() {
    const rows = [...box.children].filter((child) => child !== template && child !== button);
    const last = rows.findLastIndex((row) => isFilled(row));
    const open = rows.filter((row) => !row.classList.contains("spare")).length;
    for (let missing = last + 2 - open; missing > 0; missing -= 1) more();
  }
  box.addEventListener("input", grow);
  grow();
}

// A unit is chosen from the start and says nothing: what may be empty, and is not, does.
function isFilled(row) {
  return [...row.querySelectorAll("input:not([type=hidden], [type=checkbox])")].some((field) => field.value)
    || [...row.querySelectorAll("select")].some((field) => field.value && [...field.options].some((option) => !option.value));
}
