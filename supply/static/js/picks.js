// A list to tick by keyboard: J and K go down and up, X ticks, A goes to the button. Tab and Space work without it.
export function start(list) {
  const boxes = [...list.querySelectorAll("input.pick")];
  const form = list.closest("form");
  if (!boxes.length || document.documentElement.dataset.singleKeys === "off") return;
  form.querySelector("[data-picks-help]").hidden = false;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("textarea, select, input:not(.pick), [contenteditable]")) return;
    const at = boxes.indexOf(document.activeElement);
    const key = event.key.toLowerCase();
    if (key === "j") boxes[Math.min(at + 1, boxes.length - 1)].focus();
    else if (key === "k") boxes[Math.max(at - 1, 0)].focus();
    else if (key === "x" && at >= 0) boxes[at].click();
    else if (key === "a") form.querySelector("button[type=submit]").focus();
    else return;
    event.preventDefault();
  });
}
