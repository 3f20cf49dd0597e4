// Links to shared records. To open one: the key stands behind the address's "#", which no browser sends;
// it goes into the form, so that the button alone opens. Without this script the link is pasted.
// To give one away: a button that copies it.
for (const form of document.querySelectorAll("form[data-key]")) {
  const field = form.querySelector("input[name=key]");
  const paste = form.querySelector("[data-paste]");
  const take = () => {
    if (!location.hash) return;
    field.value = location.hash.slice(1);
    paste.hidden = true;
  };
  take();
  addEventListener("hashchange", take);
}

// Another language asks for the page anew: the key goes along, still behind "#".
const held = document.querySelector("input[name=key]");
for (const link of document.querySelectorAll(".tongues a")) {
  link.addEventListener("click", () => {
    if (held && held.value) link.hash = held.value.slice(held.value.indexOf("#") + 1);
  });
}

for (const box of document.querySelectorAll("[data-copy]")) {
  const button = box.querySelector("button");
  const field = box.querySelector("input");
  button.hidden = false;
  field.addEventListener("focus", () => field.select());
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      if (!document.execCommand("copy")) return;
    }
    box.querySelector("[role=status]").textContent = box.dataset.copy;
  });
}
