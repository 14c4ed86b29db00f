// Beside an item that is chosen in a row stand only the units in which it is measured: [data-fits] says them by item, the
// likeliest first. What no item has of its own (a supplier's pack) stays on offer. Without it the service refuses the rest.
export function start(box) {
  const fits = JSON.parse(box.dataset.fits);
  const known = new Set(Object.values(fits).flat());
  box.addEventListener("change", ({ target }) => {
    if (!target.name?.endsWith("-item_id")) return;
    const units = box.querySelector(`select[name="${target.name.replace(/item_id$/, "unit")}"]`);
    if (units) offer(units, known, fits[target.value]);
  });
}

function offer(units, known, fitting) {
  for (const option of units.options) {
    option.hidden = Boolean(fitting) && known.has(option.value) && !fitting.includes(option.value);
    option.disabled = option.hidden;
  }
  if (!fitting || (units.value && !units.selectedOptions[0].disabled)) return;
  units.value = fitting[0];
  units.dispatchEvent(new Event("change", { bubbles: true }));
}
