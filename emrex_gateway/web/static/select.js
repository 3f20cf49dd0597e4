// The page of records, where the student chooses. Without this script every box is one record's own, and
// buttons do the rest by reloading; with it a box stands for its branch too, what is ticked is kept at once,
// search and filters answer while one types, and closed branches come when they are opened.
//
// A record is a position in the order of reading, a branch a run of positions: what is not on the page can
// be counted and chosen all the same. What counts is what the server says; nothing is added up here twice.
(() => {
  const form = document.querySelector("form.choosing");
  if (!form) return;
  const PAUSE = 250, TYPING = 250, LONGEST = 30000; // milliseconds
  const size = Number(form.dataset.size);
  const words = form.dataset;
  const tree = form.querySelector("#tree");
  const told = { status: form.querySelector("#chosen"), away: form.querySelector("#away"), trouble: form.querySelector("#trouble") };
  const fixed = !told.status; // all or nothing: there is nothing to tick
  const figure = new Intl.NumberFormat(document.documentElement.lang);
  const store = `emrex-choice:${location.pathname}`;

  const read = (runs) => {
    const marks = new Uint8Array(size);
    for (const run of runs ? runs.split(",") : []) {
      const [first, last = first] = run.split("-").map(Number);
      marks.fill(1, first, last + 1);
    }
    return marks;
  };
  const write = (positions) => {
    const runs = [];
    for (const at of [...positions].sort((a, b) => a - b)) {
      const last = runs.at(-1);
      if (last && at === last[1] + 1) last[1] = at;
      else runs.push([at, at]);
    }
    return runs.map(([a, b]) => (a === b ? a : `${a}-${b}`)).join(",");
  };
  // Only what is new is written: a screen reader says each change once.
  const say = (where, text) => { if (where && where.textContent !== text) where.textContent = text; };

  let chosen = read(words.chosen);
  let scope = read(words.scope); // what search and filters look at: everything here acts on that only
  const pending = new Map(); // position -> ticked or not, until the server has it

  // ---- what is shown of the choice -------------------------------------------------------------------------

  const refresh = () => {
    if (fixed) return;
    const all = new Uint32Array(size + 1), picked = new Uint32Array(size + 1);
    for (let at = 0; at < size; at++) {
      all[at + 1] = all[at] + scope[at];
      picked[at + 1] = picked[at] + (scope[at] & chosen[at]);
    }
    const between = (sums, { first, last }) => sums[Number(last) + 1] - sums[Number(first)];
    for (const part of tree.querySelectorAll("details[data-node]")) {
      say(part.querySelector(":scope > summary b"), figure.format(between(picked, part.dataset)));
    }
    for (const box of tree.querySelectorAll("input[type=checkbox]")) {
      if (box.name !== "record") {
        const here = between(picked, box.dataset), whole = between(all, box.dataset);
        box.checked = here === whole;
        box.indeterminate = here > 0 && here < whole;
        continue;
      }
      const at = Number(box.value), item = box.closest("li");
      const below = item.querySelector(":scope > details[data-node]");
      box.checked = chosen[at] === 1; // the record itself: this is what the form sends
      if (!below) continue;
      const here = between(picked, below.dataset) + chosen[at];
      box.indeterminate = here > 0 && here < between(all, below.dataset) + 1;
      let note = item.querySelector(":scope > label .mixed");
      if (!note) {
        note = document.createElement("span");
        note.className = "mixed";
        item.querySelector(":scope > label .what").append(note);
      }
      say(note, !box.indeterminate ? "" : chosen[at] ? words.mixedWith : words.mixedWithout);
    }
  };

  // ---- the choice, and how it is kept ----------------------------------------------------------------------

  const set = (first, last, on) => {
    for (let at = Number(first); at <= Number(last); at++) {
      if (!scope[at] || chosen[at] === Number(on)) continue;
      chosen[at] = Number(on);
      pending.set(at, on);
    }
  };
  const whole = (first, last) => {
    for (let at = Number(first); at <= Number(last); at++) if (scope[at] && !chosen[at]) return false;
    return true;
  };
  const parts = () => ({
    take: write([...pending].filter(([, on]) => on).map(([at]) => at)),
    drop: write([...pending].filter(([, on]) => !on).map(([at]) => at)),
  });

  let timer = 0, again = 1000, sending = null;
  const later = (wait) => { clearTimeout(timer); timer = setTimeout(keep, wait); };

  const send = async () => {
    const sent = new Map(pending);
    const body = new URLSearchParams({ token: form.elements.token.value, ...parts() });
    try {
      const answer = await fetch(words.changes + location.search, {
        method: "POST", body, keepalive: true, redirect: "manual", cache: "no-store", signal: AbortSignal.timeout(20000),
      });
      if (answer.status >= 500) throw new Error("busy");
      // Logged out, or gone on in another tab: the page itself knows where to lead. What is not kept yet waits.
      if (!answer.ok) return location.reload();
      const now = await answer.json();
      for (const [at, on] of sent) if (pending.get(at) === on) pending.delete(at);
      if (!pending.size) chosen = read(now.chosen); // with what another tab has changed meanwhile
      sessionStorage.removeItem(store);
      say(told.status, now.status);
      say(told.away, now.away);
      say(told.trouble, "");
      again = 1000;
      refresh();
      if (pending.size) later(0);
    } catch {
      say(told.trouble, words.unsaved);
      later(again);
      again = Math.min(again * 2, LONGEST);
    }
  };
  const keep = () => {
    clearTimeout(timer);
    if (fixed || sending) return sending;
    if (pending.size) sessionStorage.setItem(store, JSON.stringify(parts()));
    sending = send().finally(() => { sending = null; });
    return sending;
  };
  const changed = () => { refresh(); later(PAUSE); };

  tree.addEventListener("change", ({ target }) => {
    if (target.type !== "checkbox") return;
    if (target.name !== "record") {
      const { first, last } = target.dataset;
      set(first, last, !whole(first, last));
      return changed();
    }
    const at = Number(target.value);
    const below = target.closest("li").querySelector(":scope > details[data-node]");
    const last = below ? below.dataset.last : at;
    set(at, last, !whole(at, last));
    changed();
  });

  // ---- branches that come when they are opened -------------------------------------------------------------

  const open = async (part) => {
    const button = part.querySelector(":scope > button");
    if (!button || part.ariaBusy === "true") return;
    part.ariaBusy = "true";
    try {
      const asked = new URLSearchParams(location.search);
      asked.set("node", part.dataset.node);
      const answer = await fetch(`${words.branch}?${asked}`, { redirect: "manual", cache: "no-store" });
      if (answer.type === "opaqueredirect") return location.reload();
      if (!answer.ok) throw new Error("busy");
      const list = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("ul");
      if (part.classList.contains("trunk")) list.className = "tree";
      part.querySelector(":scope > [role=alert]")?.remove();
      if (!fixed) {
        const shown = document.createElement("input");
        Object.assign(shown, { type: "hidden", name: "shown", value: list.dataset.shown });
        part.append(shown);
      }
      button.replaceWith(document.adoptNode(list));
      refresh();
    } catch {
      const problem = part.querySelector(":scope > [role=alert]") ?? document.createElement("p");
      problem.setAttribute("role", "alert");
      part.append(problem);
      problem.textContent = words.failed; // the button stays, and works without this script
    } finally {
      part.ariaBusy = "false";
    }
  };
  tree.addEventListener("toggle", ({ target }) => { if (target.open && target.dataset.node) open(target); }, true);

  // ---- search and filters ----------------------------------------------------------------------------------

  const seek = form.querySelector(".seek");
  const fields = [...seek.querySelectorAll("input, select")];
  let typing = 0, looking = new AbortController();

  const look = async () => {
    clearTimeout(typing);
    looking.abort();
    looking = new AbortController();
    const asked = new URLSearchParams(fields.filter((one) => one.value.trim()).map((one) => [one.name, one.value.trim()]));
    const address = `${location.pathname}${asked.size ? `?${asked}` : ""}`;
    try {
      const answer = await fetch(address, { redirect: "manual", cache: "no-store", signal: looking.signal });
      if (answer.type === "opaqueredirect") return location.reload();
      if (!answer.ok) throw new Error("busy");
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      history.replaceState(null, "", address);
      const found = page.querySelector("#tree");
      scope = read(found.dataset.scope);
      tree.replaceChildren(...[...found.childNodes].map((one) => document.adoptNode(one)));
      if (!fixed) form.elements.shown[0]?.remove?.();
      form.querySelectorAll("input[name=shown]").forEach((one) => one.remove());
      const shown = page.querySelector("input[name=shown]");
      if (shown) form.prepend(document.adoptNode(shown));
      for (const selector of [".result", "#away"]) {
        say(document.querySelector(selector), page.querySelector(selector)?.textContent ?? "");
      }
      seek.querySelector("[value=clear]").hidden = !asked.size;
      form.querySelectorAll("[data-narrow]").forEach((one) => { one.hidden = !asked.size; });
      form.querySelectorAll("[data-wide]").forEach((one) => { one.hidden = asked.size > 0; });
      refresh();
    } catch (error) {
      if (error.name !== "AbortError") say(seek.querySelector(".result"), words.failed);
    }
  };
  seek.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(look, TYPING); });

  form.addEventListener("click", (event) => {
    const action = event.target.closest("button[name=action]")?.value;
    if (action === "all" || action === "none") {
      set(0, size - 1, action === "all");
      changed();
    } else if (action === "filter") look();
    else if (action === "clear") {
      fields.forEach((one) => { one.value = ""; });
      look();
      form.elements.q.focus();
    } else return;
    event.preventDefault();
  });

  // ---- leaving and coming back -----------------------------------------------------------------------------

  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (sending) { // two at once could arrive in the wrong order
      event.preventDefault();
      sending.finally(() => form.requestSubmit(event.submitter));
      return;
    }
    for (const [name, value] of Object.entries(parts())) { // what was chosen in branches that are not on the page
      if (!value) continue;
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name, value });
      form.append(field);
    }
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden || pending.size) keep(); // another tab may have changed the choice
  });
  addEventListener("pagehide", () => { if (pending.size) keep(); });
  addEventListener("online", () => { if (pending.size) keep(); });

  const left = JSON.parse(sessionStorage.getItem(store) ?? "null");
  if (left && !fixed) {
    for (const [name, on] of [["take", true], ["drop", false]]) {
      read(left[name]).forEach((mark, at) => { if (mark) { chosen[at] = Number(on); pending.set(at, on); } });
    }
    later(0);
  }
  refresh();
})();
