// Menus are <details>: Escape and a tap elsewhere close them, one is open at a time. Ctrl+K and "/" lead to the search.
export function startMenus(root) {
  const open = () => root.querySelectorAll("details.menu[open]");
  root.addEventListener("click", (event) => open().forEach((menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  }));
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape") open().forEach((menu) => { menu.open = false; menu.querySelector("summary").focus(); });
    if (isSearchKey(event)) goToSearch(root, event);
  });
}

function isSearchKey(event) {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") return true;
  // Single keys can be turned off (WCAG 2.1.4): <html data-single-keys="off">.
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  return event.key === "/" && !typing && !event.ctrlKey && !event.altKey && document.documentElement.dataset.singleKeys !== "off";
}

function goToSearch(root, event) {
  const field = root.querySelector("main input[type=search]:not([hidden])");
  const link = root.querySelector("[data-search]");
  if (!field && !link) return;
  event.preventDefault();
  if (link && !(field && location.pathname === new URL(link.href).pathname)) location.assign(link.href);
  else { field.focus(); field.select(); }
}
