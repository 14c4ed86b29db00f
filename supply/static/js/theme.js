// Shows the chosen appearance at once; the form then saves it for the person.
export function start(form) {
  form.addEventListener("click", (event) => {
    const choice = event.target.closest("button")?.value;
    const dark = document.querySelector("link[href*='dark.css']");
    if (!choice) return;
    document.documentElement.dataset.bsTheme = choice;
    if (dark) dark.media = { auto: "screen and (prefers-color-scheme: dark)", dark: "screen", light: "not all" }[choice];
  });
}
