// Narrows a list while typing; "gung" finds "Gừng". Same folding as the server's search key.
export function fold(text) {
  return text.toLowerCase().replaceAll("đ", "d").normalize("NFD").replace(/\p{M}/gu, "");
}

export function start(box) {
  const list = box.nextElementSibling;
  const rows = [...list.children].map((row) => [row, fold(row.textContent)]);
  const input = box.querySelector("input");
  box.hidden = false;
  input.addEventListener("input", () => {
    const words = fold(input.value).split(/\s+/).filter(Boolean);
    rows.forEach(([row, text]) => row.classList.toggle("is-filtered-out", !words.every((word) => text.includes(word))));
  });
}
