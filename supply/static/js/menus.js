// Menus are <details>: Escape and a tap elsewhere close them, one is open at a time. Ctrl+K, "/" and the search of the bar
// open the search's dialog; on the page of the search they lead to its field.
export function startMenus(root) {
  const open = () => root.querySelectorAll("details.menu[open]");
  root.addEventListener("click", (event) => open().forEach((menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  }));
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape") open().forEach((menu) => { menu.open = false; menu.querySelector("summary").focus(); });
    if (isSearchKey(event)) openSearch(root, event);
  });
  root.querySelector("[data-search]")?.addEventListener("click", (event) => {
    if (!(event.ctrlKey || event.metaKey || event.shiftKey)) openSearch(root, event);
  });
}

function isSearchKey(event) {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") return true;
  // Single keys can be turned off (WCAG 2.1.4): <html data-single-keys="off">.
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  return event.key === "/" && !typing && !event.ctrlKey && !event.altKey && document.documentElement.dataset.singleKeys !== "off";
}

function openSearch(root, event) {
  const link = root.querySelector("[data-search]");
  const box = root.querySelector("[data-search-box]");
  if (!link || !box) return;
  event.preventDefault();
  if (location.pathname !== new URL(link.href).pathname) return box.open || box.showModal();
  const field = root.querySelector("main input[type=search]");
  field.focus();
  field.select();
}
