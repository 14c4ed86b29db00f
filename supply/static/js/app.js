// Starts what the page asks for by data attributes. Every page works without any of it.
import { dropArrived } from "./drafts.js";
import { guardTaps } from "./tap-guard.js";
import { startMenus } from "./menus.js";
import { startOffline } from "./offline.js";
import { startToday } from "./today.js";

const parts = [
  ["form[data-keep]", "./form-guard.js"],
  ["[data-quantity]", "./quantity.js"],
  ["[data-step]", "./stepper.js"],
  ["[data-pin]", "./pin.js"],
  ["[data-lock-after]", "./lock.js"],
  ["[data-filter]", "./filter.js"],
  ["[data-theme-form]", "./theme.js"],
  ["[data-lines]", "./lines.js"],
  ["[data-fits]", "./units.js"],
  ["[data-trial]", "./trial.js"],
  ["[data-picks]", "./picks.js"],
  ["[data-under-way]", "./under-way.js"],
  ["[data-scan-box]", "./scan.js"],
  ["[data-table-order]", "./table-order.js"],
  ["[data-figures]", "./figures.js"],
  ["[data-search-box]", "./search.js"],
];

function startParts(root) {
  for (const [selector, module] of parts) {
    const found = root.querySelectorAll(selector);
    if (found.length) import(module).then((part) => found.forEach((element) => part.start(element)));
  }
}

dropArrived();
guardTaps(document);
startOffline(document);
startToday();
startMenus(document);
startParts(document);
addEventListener("lines:added", (event) => startParts(event.detail));

document.querySelector("[data-focus]")?.focus();
// Screen readers tell what is put into a live region, not what stood in it when the page came.
setTimeout(() => document.querySelectorAll(".keeps-said").forEach((said) => said.replaceChildren(...[...said.children].map((words) => words.cloneNode(true)))), 300);
addEventListener("beforeprint", () => document.querySelectorAll("details.chart-data, details.explain")
  .forEach((details) => { details.open = true; }));
