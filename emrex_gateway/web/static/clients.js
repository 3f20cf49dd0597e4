// Filters the list of services while one types. Without this script the field asks the server.
for (const form of document.querySelectorAll("form[data-search]")) {
  const list = document.getElementById(form.dataset.search);
  const field = form.querySelector("input[type=search]");
  const button = form.querySelector("button");
  const count = document.querySelector("[data-count]");
  const rows = [...list.querySelectorAll("li")];
  // As the server folds them: without case and accents.
  const fold = (text) => text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");
  let later = 0;

  const show = () => {
    const wanted = fold(field.value).split(/\s+/).filter(Boolean);
    for (const row of rows) row.hidden = !wanted.every((word) => row.dataset.words.includes(word));
    for (const country of list.children) country.hidden = !country.querySelector("li:not([hidden])");
    const shown = rows.filter((row) => !row.hidden).length;
    // Said once the typing rests, not after each letter.
    clearTimeout(later);
    later = setTimeout(() => {
      const words = shown ? form.dataset.shown : form.dataset.none;
      count.textContent = wanted.length ? words.replace("{shown}", shown).replace("{all}", rows.length) : "";
    }, 500);
  };

  // What the server has left out cannot be shown: then it keeps the search.
  if (new URLSearchParams(location.search).has("q")) continue;
  button.hidden = true;
  form.addEventListener("submit", (event) => event.preventDefault());
  field.addEventListener("input", show);
  if (field.value) show(); // the browser kept it over a reload
}
