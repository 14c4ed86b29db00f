// The dialog of Ctrl+K: what the page /search finds, listed while typing. Arrow keys choose, Enter goes there, Escape
// closes; Enter with nothing chosen opens the page itself.
const WAIT_MS = 120;

export function start(box) {
  const form = box.querySelector("form");
  const field = form.elements.q;
  const list = box.querySelector("[role=listbox]");
  const said = box.querySelector("[role=status]");
  let waiting = 0;
  let asking = new AbortController();
  const options = () => [...list.querySelectorAll("[role=option]")];
  const chosen = () => list.querySelector("[aria-selected=true]");

  function choose(option) {
    chosen()?.setAttribute("aria-selected", "false");
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) field.setAttribute("aria-activedescendant", option.id);
    else field.removeAttribute("aria-activedescendant");
  }

  function show(groups) {
    list.replaceChildren(...groups);
    options().forEach((option, at) => { option.id = `found-${at}`; });
    field.setAttribute("aria-expanded", String(groups.length > 0));
    choose(options()[0]);
    const text = field.value.trim();
    said.textContent = !text ? "" : groups.length ? box.dataset.foundSome + options().length : box.dataset.foundNone;
  }

  async function ask() {
    asking.abort();
    asking = new AbortController();
    if (!field.value.trim()) return show([]);
    try {
      const answer = await fetch(`${form.action}?${new URLSearchParams(new FormData(form))}`, { signal: asking.signal, cache: "no-store" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!page.querySelector("[data-found]")) return location.reload(); // signed out meanwhile
      show([...page.querySelectorAll("[data-found-group]")].map(asGroup));
    } catch (error) {
      if (error.name !== "AbortError") show([]);
    }
  }

  field.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(ask, WAIT_MS); choose(null); });
  field.addEventListener("keydown", (event) => {
    const all = options();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && all.length) {
      event.preventDefault();
      const at = all.indexOf(chosen());
      choose(all[at < 0 && step < 0 ? all.length - 1 : (at + step + all.length) % all.length]);
    } else if (event.key === "Escape") {
      event.preventDefault(); // of itself it would only empty the field
      box.close();
    } else if (event.key === "Enter" && chosen()) {
      event.preventDefault();
      chosen().click();
    }
  });
  box.querySelector("[data-search-close]").addEventListener("click", () => box.close());
  box.addEventListener("click", (event) => { if (event.target === box) box.close(); });
  box.addEventListener("close", () => { field.value = ""; show([]); });
}

// A section of the page as a group of options; each keeps its link.
function asGroup(section, at) {
  const group = document.createElement("div");
  const title = Object.assign(document.createElement("p"), { className: "search-title", id: `found-title-${at}` });
  title.textContent = section.querySelector("h2").textContent;
  group.setAttribute("role", "group");
  group.setAttribute("aria-labelledby", title.id);
  const links = [...section.querySelectorAll("a.row-item")].map((link) => document.importNode(link, true));
  for (const link of links) {
    link.setAttribute("role", "option");
    link.setAttribute("aria-selected", "false");
    link.tabIndex = -1;
  }
  group.append(title, ...links);
  return group;
}
