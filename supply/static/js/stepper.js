// − and + beside an amount: one tap is one natural step (5 ml, a handful). Hidden without a script.
const DECIMALS = 6;

function scaled(text) {
  const [whole, part = ""] = text.trim().replace(",", ".").split(".");
  if (!/^-?\d*$/.test(whole) || !/^\d*$/.test(part)) return 0n;
  const sign = whole.startsWith("-") ? -1n : 1n;
  return sign * BigInt((whole.replace("-", "") || "0") + part.slice(0, DECIMALS).padEnd(DECIMALS, "0"));
}

export function start(button) {
  const input = button.parentElement.querySelector("input:not([type=hidden])");
  button.hidden = false;
  button.addEventListener("click", () => {
    const next = scaled(input.value || "0") + scaled(button.dataset.step);
    const floor = input.min ? scaled(input.min) : 0n;
    input.value = written(next < floor ? floor : next);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

function written(value) {
  const digits = value.toString().padStart(DECIMALS + 1, "0");
  const part = digits.slice(-DECIMALS).replace(/0+$/, "");
  const mark = new Intl.NumberFormat(document.documentElement.lang).format(1.5).charAt(1);
  return digits.slice(0, -DECIMALS) + (part ? mark + part : "");
}
