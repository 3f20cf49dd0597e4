// A page that the browser kept when it was left may show what is nobody's business any more,
// or a choice that has changed since: ask for it anew, and show nothing until it is there.
addEventListener("pageshow", (event) => {
  if (event.persisted) {
    document.body.hidden = true;
    location.reload();
  }
});
