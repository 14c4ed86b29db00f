// The service worker: today's pages open without a connection. The network comes first; where it does not answer, what this
// person last saw of the page is shown, and says of when it is. Kept are only pages that say so themselves (data-keep), for
// the person who is signed in, in their language; all other copies are deleted. The server puts VERSION and FILES before.
/* global VERSION, FILES */
const STATIC = `static|${VERSION}`;
const PAGES = "pages|";
const LOST = "/no-connection";
const WAIT_MS = 5000;
const FRESH_MS = 600_000;
const LIFE_MS = 57_600_000; // a working day: yesterday's page is no page of today
const KEPT_AT = "Supply-Kept-At";

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("message", (event) => event.waitUntil("keep" in event.data ? keepToday(event.data.keep) : renew(event.data.renew)));

async function install() {
  const store = await caches.open(STATIC);
  await store.addAll([...FILES, LOST].map((path) => new Request(path, { cache: "no-cache" })));
  await self.skipWaiting();
}

async function activate() {
  const old = (await caches.keys()).filter((name) => name.startsWith("static|") && name !== STATIC);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if (request.mode === "navigate") event.respondWith(showPage(event, address.pathname + address.search));
  else if (FILES.includes(address.pathname)) event.respondWith(showFile(request, address.pathname));
});

async function showFile(request, path) {
  try { return await soon(fetch(request)); } catch { return (await (await caches.open(STATIC)).match(path)) ?? Response.error(); }
}

async function showPage(event, path) {
  const network = fetch(event.request);
  network.catch(() => { /* told below */ });
  const copy = await findCopy(path);
  try {
    const answer = await (copy ? soon(network) : network);
    event.waitUntil(note(path, answer.clone(), true));
    return answer;
  } catch { return copy ?? (await findCopy(LOST)) ?? (await caches.match(LOST)) ?? Response.error(); }
}

const soon = (answer) => Promise.race([answer, new Promise((_, give) => { setTimeout(give, WAIT_MS); })]);

async function findCopy(path) {
  for (const name of (await caches.keys()).filter((one) => one.startsWith(PAGES))) {
    const copy = await (await caches.open(name)).match(path);
    if (copy && Date.now() - copy.headers.get(KEPT_AT) < LIFE_MS) return copy;
  }
  return undefined;
}

// What a page says of itself: whose it is, in which language, and whether it may be kept. The page that somebody opens
// (`led`) says whose copies there are; one that is fetched meanwhile joins them or is let go.
async function note(path, answer, led) {
  if (!answer.ok || answer.redirected || !/text\/html/.test(answer.headers.get("Content-Type"))) return;
  const text = await answer.text();
  const [body] = /<body [^>]*>/.exec(text) ?? [""];
  const [, person] = / data-person="([^"]+)"/.exec(body) ?? [];
  const [, language] = /<html lang="([^"]+)"/.exec(text) ?? [];
  const own = `${PAGES}${person}|${language}`;
  const others = (await caches.keys()).filter((name) => name.startsWith(PAGES) && name !== own);
  if (others.length && !led) return;
  await Promise.all(others.map((name) => caches.delete(name)));
  if (!person || !/ data-keep\b/.test(body)) return;
  const headers = new Headers(answer.headers);
  headers.set(KEPT_AT, Date.now());
  const copy = new Response(text.replace("<body ", "<body data-kept "), { headers });
  await (await caches.open(own)).put(path, copy);
}

async function renew(paths) {
  for (const path of paths) await note(path, await fetch(path, { cache: "no-store" }));
}

// Today's pages of this person, one after the other, so that they can be opened later without having been opened before.
let turn = 0;

async function keepToday(listAddress) {
  const mine = ++turn;
  const list = await fetch(listAddress, { cache: "no-store" });
  if (!list.ok || list.redirected) return;
  for (const path of (await list.json()).pages) {
    if (mine !== turn) return;
    const copy = await findCopy(path);
    if (!copy || Date.now() - copy.headers.get(KEPT_AT) > FRESH_MS) await renew([path]);
  }
}
