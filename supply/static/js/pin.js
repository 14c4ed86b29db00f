// The PIN pad: keys write into the field, so that no keyboard covers the screen of the shared tablet.
export function start(box) {
  const input = box.querySelector("input");
  const pad = box.querySelector("[data-pin-pad]");
  const most = Number(input.maxLength) > 0 ? input.maxLength : 6;
  pad.hidden = false;
  if (matchMedia("(pointer: coarse)").matches) input.inputMode = "none";
  pad.addEventListener("click", (event) => {
    const key = event.target.closest("[data-digit]");
    if (!key) return;
    const { digit } = key.dataset;
    input.value = digit ? (input.value + digit).slice(0, most) : input.value.slice(0, -1);
  });
}
