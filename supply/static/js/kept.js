// What was tapped and is not known to be recorded, in IndexedDB: it outlives the page, the browser and the sign-in. One
// entry a form, under the form's own idempotency key, in the order of the taps. An entry: key, order, person, name, action,
// place (where it belongs on a page), label, tappedAt, values [[name, value]], state, whether it was tried (it may have
// arrived) and, where refused, its problem.
// States: waiting; shown (its refusal is on its way to the screen); refused; opened (sent by hand once more).
const STORE = "kept";
let opening;

function open() {
  opening ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open("supply", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "key" });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  return opening;
}

async function within(mode, work) {
  const deal = (await open()).transaction(STORE, mode, { durability: "strict" });
  return new Promise((resolve, reject) => {
    let found;
    work(deal.objectStore(STORE), (request) => { found = request; });
    deal.oncomplete = () => resolve(found?.result);
    deal.onabort = () => reject(deal.error);
  });
}

export async function readKept() {
  return (await within("readonly", (store, tell) => tell(store.getAll()))).sort((one, other) => one.order - other.order);
}

// The first tap of a form tells its time and its place in the queue, however often it is sent.
export const keep = (entry) => within("readwrite", (store) => {
  store.getAll().onsuccess = ({ target: { result } }) => {
    const before = result.find((one) => one.key === entry.key);
    const last = Math.max(0, ...result.map((one) => one.order));
    store.put({ ...entry, order: before?.order ?? last + 1, tappedAt: before?.tappedAt ?? entry.tappedAt });
  };
});

export const mark = (key, changes) => within("readwrite", (store) => {
  store.get(key).onsuccess = ({ target: { result } }) => { if (result) store.put({ ...result, ...changes }); };
});

// What is about to be sent may arrive, whatever is heard of it. Nothing is found of what was taken back meanwhile.
export const claim = (key) => within("readwrite", (store, tell) => {
  const asked = store.get(key);
  tell(asked);
  asked.onsuccess = () => { if (asked.result) store.put({ ...asked.result, tried: true }); };
});

export const isUntried = (entry) => entry.state === "waiting" && !entry.tried;

export const takeBack = (person, place) => within("readwrite", (store) => {
  store.getAll().onsuccess = ({ target: { result } }) => {
    result.filter((entry) => isUntried(entry) && entry.person === person && entry.place === place).forEach((entry) => store.delete(entry.key));
  };
});

export const drop = (...keys) => within("readwrite", (store) => keys.forEach((key) => store.delete(key)));
