// Repeats a typed amount in the base unit's everyday name before it is saved: "1,25 kg = 1.250 g".
// Exact like the server: whole numbers (BigInt), one decimal mark, no grouping, nothing rounded.
const AMOUNT = /^(\d{1,12})(?:[.,](\d{1,6}))?$/;

// Amount in base units as {base, exact}, or null where it is no amount.
export function toBase(text, factor) {
  const match = AMOUNT.exec(text.trim());
  if (!match) return null;
  const decimals = match[2] ?? "";
  const scale = 10n ** BigInt(decimals.length);
  const scaled = BigInt(match[1] + decimals) * BigInt(factor);
  return { base: scaled / scale, exact: scaled % scale === 0n };
}

// Base units in a display unit, written as the language writes numbers.
export function display(base, factor, locale) {
  const unit = BigInt(factor);
  const decimals = String(factor).length - 1;
  const rest = (base % unit).toString().padStart(decimals, "0").replace(/0+$/, "");
  const whole = new Intl.NumberFormat(locale).format(base / unit);
  const mark = new Intl.NumberFormat(locale).format(1.5).charAt(1);
  return rest ? whole + mark + rest : whole;
}

export function start(box) {
  const input = box.querySelector("input[inputmode]");
  const echo = box.querySelector("[data-echo]");
  const units = box.querySelector("select");
  if (!input || !echo) return;
  const show = () => {
    const option = units ? units.selectedOptions[0] : box.querySelector("[data-factor]");
    write(echo, input.value, option.dataset.factor, option.textContent.trim(), box.dataset);
  };
  input.addEventListener("input", show);
  units?.addEventListener("change", show);
  show();
}

function write(echo, typed, factor, unit, { echoLabel, echoFactor }) {
  const locale = document.documentElement.lang;
  const amount = factor ? toBase(typed, factor) : null;
  echo.classList.toggle("is-refused", Boolean(amount && !amount.exact));
  if (!amount) echo.textContent = "";
  else if (!amount.exact) echo.textContent = echo.dataset.inexact;
  else {
    const said = `${display(amount.base, factor, locale)} ${unit}`;
    const other = echoFactor && echoFactor !== factor ? ` = ${display(amount.base, echoFactor, locale)} ${echoLabel}` : "";
    echo.textContent = said + other;
  }
}
