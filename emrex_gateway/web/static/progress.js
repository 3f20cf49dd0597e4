// Follows a worker: asks the page's own server what it is doing, says it in a live region, and goes on
// to the next page once it is done. Without this script the page looks again by itself (<noscript>).
(() => {
  const FIRST = 400, LONGEST = 3000; // milliseconds between two questions; each pause is longer than the last

  // A draft that has just become ready opens by itself, once: coming back from it shows the page.
  const ready = document.querySelector("a[data-open]");
  if (ready) {
    history.replaceState(null, "", location.pathname);
    location.assign(ready.href);
    return;
  }

  const box = document.querySelector("[data-follow]");
  if (!box) return;
  const words = box.querySelector("[data-words]");
  const slow = box.querySelector("[data-slow]");
  const bar = box.querySelector("progress");
  let pause = FIRST;
  let timer = 0;

  // Only what is new is written: a screen reader says each change once.
  const say = (where, text) => {
    if (where.textContent !== text) where.textContent = text;
    where.hidden = !text;
  };

  const again = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, pause);
    pause = Math.min(pause * 1.3, LONGEST);
  };

  const ask = async () => {
    let told;
    try {
      const answer = await fetch(box.dataset.follow, { redirect: "manual", cache: "no-store" });
      if (answer.status >= 500) throw new Error("busy");
      // Logged out, or the time is over: the page itself knows where to lead.
      if (!answer.ok) return location.reload();
      told = await answer.json();
    } catch {
      say(slow, box.dataset.lost);
      pause = LONGEST;
      return again();
    }
    say(words, told.words);
    say(slow, told.slow);
    if (told.next) {
      bar.max = bar.value = 1;
      return location.replace(told.next);
    }
    again();
  };

  // A page in the background asks nothing; back in front, it asks at once.
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (!document.hidden) ask();
  });
  // Back from the next page (which may have been kept): see where things stand.
  addEventListener("pageshow", (event) => { if (event.persisted) ask(); });
  timer = setTimeout(ask, pause);
})();
