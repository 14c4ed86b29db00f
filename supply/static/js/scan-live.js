// Looks through the camera where the browser itself finds codes (BarcodeDetector) and the page is served safely. The
// camera runs only while its button is pressed and the page is looked at.
const PAUSE_MS = 200;
const SAME_MS = 3000;
const WANTED = ["qr_code", "data_matrix", "ean_13", "ean_8", "upc_a", "upc_e", "code_128", "itf"];

// `atOnce`: it was running on the page before.
export async function startCamera(box, found, atOnce) {
  const button = box.querySelector("[data-scan-live]");
  const view = box.querySelector("[data-scan-view]");
  if (!button || !view || !("BarcodeDetector" in window) || !navigator.mediaDevices?.getUserMedia) return;
  const known = await BarcodeDetector.getSupportedFormats().catch(() => []);
  const formats = WANTED.filter((name) => known.includes(name));
  if (!formats.length) return;
  const detector = new BarcodeDetector({ formats });
  let stream = null;
  let last = { text: "", at: 0 };
  button.hidden = false;

  function stop() {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    view.srcObject = null;
    view.hidden = true;
    button.setAttribute("aria-pressed", "false");
  }
  async function look() {
    if (!stream) return;
    const [code] = await detector.detect(view).catch(() => []);
    if (code && (code.rawValue !== last.text || Date.now() - last.at > SAME_MS)) {
      last = { text: code.rawValue, at: Date.now() };
      found(code.rawValue);
    }
    setTimeout(look, PAUSE_MS);
  }
  button.addEventListener("click", async () => {
    if (stream) return stop();
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch { button.hidden = true; return; }
    view.srcObject = stream;
    view.hidden = false;
    button.setAttribute("aria-pressed", "true");
    await view.play().catch(() => {});
    look();
  });
  addEventListener("pagehide", stop);
  if (atOnce) button.click();
  document.addEventListener("visibilitychange", () => { if (document.hidden) stop(); });
}
