// Sends what was kept, in order, one tab at a time, each under its own key: what the server has recorded already it only
// answers again. Nothing is sent but as the person who tapped; every decision and every word is the server's.
import { claim, drop, mark, readKept } from "./kept.js";

const WAIT_MS = 8000;
const LATER = { later: true };
let tail = Promise.resolve();

// `live`: the entry that was tapped just now, with its page's own proof of origin. Its outcome is returned.
export function sendKept(lifeAddress, live) {
  const work = () => sendAll(lifeAddress, live);
  if (navigator.locks) return navigator.locks.request("supply.sending", work);
  return (tail = tail.then(work, work));
}

async function sendAll(lifeAddress, live) {
  const waiting = (await readKept()).filter((entry) => entry.state === "waiting");
  if (!waiting.length) return LATER;
  const alone = live && waiting.filter((entry) => entry.person === live.person).length === 1;
  let pass = alone ? { person: live.person, csrf_token: live.token } : await askLife(lifeAddress);
  let last = LATER;
  for (const entry of waiting) {
    if (pass.person !== entry.person || !await claim(entry.key)) continue;
    let outcome = await post(entry, pass.csrf_token, entry.key === live?.key);
    if (outcome.code === "form_expired") {
      pass = await askLife(lifeAddress);
      outcome = pass.person === entry.person ? await post(entry, pass.csrf_token, entry.key === live?.key) : pass;
    }
    if (outcome.later) return outcome;
    await settle(entry, outcome, entry.key === live?.key);
    if (entry.key === live?.key) last = outcome;
  }
  return pass.later ? pass : last;
}

async function askLife(address) {
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" }, cache: "no-store", redirect: "manual", signal: patience() });
    if (answer.ok && isJson(answer)) return await answer.json();
    return { later: true, signedOut: answer.type === "opaqueredirect" };
  } catch { return LATER; }
}

async function post(entry, token, followed) {
  const waited = Math.max(0, Date.now() - entry.tappedAt);
  const body = new URLSearchParams([...entry.values, ["idempotency_key", entry.key], ["csrf_token", token], ["kept_by", entry.person], ["waited_ms", waited]]);
  const headers = { Accept: "application/json", ...(followed ? {} : { Prefer: "return=minimal" }) };
  try {
    const answer = await fetch(entry.action, { method: "POST", body, headers, cache: "no-store", redirect: "error", signal: patience() });
    if (!isJson(answer)) return LATER;
    return told(answer.status, await answer.json());
  } catch { return LATER; }
}

function told(status, answer) {
  if (status < 300) return { done: true, location: answer.location };
  if (answer.code === "form_expired") return { later: true, code: answer.code };
  if (status === 401 || answer.code === "kept_for_other") return { later: true, signedOut: true };
  if (status === 429 || status >= 500) return LATER;
  return { refused: true, problem: { code: answer.code, detail: answer.detail } };
}

// Recorded: what was refused at the same place before is settled with it. A refusal of what was tapped just now is shown
// by the page itself.
async function settle(entry, outcome, live) {
  if (!outcome.done) return mark(entry.key, live ? { state: "shown" } : { state: "refused", problem: outcome.problem });
  const settled = (await readKept()).filter((one) => one.state === "refused" && one.person === entry.person && one.place === entry.place);
  return drop(entry.key, ...settled.map((one) => one.key));
}

const isJson = (answer) => /json/.test(answer.headers.get("Content-Type") ?? "");

function patience() {
  const control = new AbortController();
  setTimeout(() => control.abort(), WAIT_MS);
  return control.signal;
}
