// The print button of a paper: there only where scripts are, since a browser prints without it too.
const button = document.querySelector(".paper-print");
if (button) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
