// Follows work that is under way: asks for this page again and exchanges the part, until it is no longer under way.
// The page itself refreshes only where there is no script.
const PAUSE_MS = 800;

export function start(box) {
  let timer = setTimeout(look, PAUSE_MS);
  async function look() {
    try {
      const answer = await fetch(location.href, { cache: "no-store", headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector(`#${box.id}`);
      if (!fresh) return location.reload();
      box.replaceChildren(...fresh.childNodes);
      if (!("underWay" in fresh.dataset)) return;
    } catch { /* no connection just now: asked again in a while */ }
    timer = setTimeout(look, PAUSE_MS);
  }
  addEventListener("pagehide", () => clearTimeout(timer));
}
