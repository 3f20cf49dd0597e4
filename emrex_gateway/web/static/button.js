// <emrex-button access-point="campus">: the way from a host's page into the gateway (docs/button.md).
//
// It draws a real form with a real button, so it works with the keyboard, is announced as what it is,
// and leaves the page by a navigation; nothing is loaded and nothing is stored. What the host wrote
// inside the element is its label, and what people without scripts see instead.
(() => {
  "use strict";

  const OWN = document.currentScript?.src;
  const LABELS = {
    export: {
      en: ["Export to EMREX", "The export could not be started. Try again."],
      fi: ["Vie opinnot EMREXiin", "Vienti ei käynnistynyt. Yritä uudelleen."],
      sv: ["Exportera till EMREX", "Exporten kunde inte startas. Försök igen."],
    },
    import: {
      en: ["Import from EMREX", "The import could not be started. Try again."],
      fi: ["Tuo opinnot EMREXistä", "Tuonti ei käynnistynyt. Yritä uudelleen."],
      sv: ["Importera från EMREX", "Importen kunde inte startas. Försök igen."],
    },
  };
  const STYLE = `
    :host { display: inline-block; max-width: 100%; }
    :host([hidden]) { display: none; }
    form { margin: 0; }
    button {
      min-height: 2.75rem; max-width: 100%; padding: .55em 1.2em; border: 1px solid transparent;
      border-radius: var(--emrex-button-radius, .4rem); font: inherit; font-weight: 600; cursor: pointer;
      background: var(--emrex-button-colour, #17517e); color: var(--emrex-button-ink, #fff);
    }
    button:hover { text-decoration: underline; }
    button:focus-visible { outline: 3px solid; outline-offset: 2px; outline-color: Highlight; }
    button[aria-disabled=true] { cursor: progress; }
    p { margin: .5rem 0 0; }
    p:empty { display: none; }`;

  class EmrexButton extends HTMLElement {
    static observedAttributes = ["access-point", "direction", "gateway", "label", "lang", "token-from"];

    #form = document.createElement("form");
    #button = document.createElement("button");
    #problem = document.createElement("p");
    #busy = false;

    constructor() {
      super();
      const root = this.attachShadow({ mode: "open", delegatesFocus: true });
      if (root.adoptedStyleSheets && "replaceSync" in CSSStyleSheet.prototype) {
        const sheet = new CSSStyleSheet(); // no policy forbids it, unlike a <style> element
        sheet.replaceSync(STYLE);
        root.adoptedStyleSheets = [sheet];
      }
      this.#form.method = "post";
      this.#button.part = "button";
      this.#problem.setAttribute("role", "alert");
      this.#form.append(this.#button);
      root.append(this.#form, this.#problem);
      this.#form.addEventListener("submit", (event) => this.#submit(event));
    }

    connectedCallback() {
      this.#draw();
      // Back on a page that the browser kept: the button may be pressed again.
      addEventListener("pageshow", this.#free);
    }

    disconnectedCallback() {
      removeEventListener("pageshow", this.#free);
    }

    attributeChangedCallback() {
      if (this.isConnected) this.#draw();
    }

    #free = () => {
      this.#busy = false;
      this.#button.removeAttribute("aria-disabled");
    };

    #language() {
      return (this.closest("[lang]")?.lang || "").split("-")[0].toLowerCase();
    }

    // The way that records go; all but "import" is an export.
    get #direction() {
      return this.getAttribute("direction") === "import" ? "import" : "export";
    }

    get #labels() {
      return LABELS[this.#direction];
    }

    #draw() {
      const language = this.#language();
      const own = this.getAttribute("label") || this.textContent.trim();
      this.#button.textContent = own || (this.#labels[language] || this.#labels.en)[0];
      // A label of ours in another language than the page's is pronounced as what it is.
      this.#button.lang = own || language in this.#labels ? "" : "en";
      if (!this.#button.lang) this.#button.removeAttribute("lang");
      const address = this.#address(this.#direction);
      if (address && language) address.searchParams.set("lang", language);
      this.#form.action = address || "";
      this.#button.disabled = !address;
    }

    // The gateway's address of one of its doors, or null when the page does not say enough.
    #address(door) {
      const point = this.getAttribute("access-point");
      const gateway = this.getAttribute("gateway") || (OWN && new URL("..", OWN).href);
      if (!point || !gateway || !URL.canParse(gateway, document.baseURI)) return null;
      const base = new URL(gateway, document.baseURI);
      if (!["https:", "http:"].includes(base.protocol)) return null;
      base.pathname = `${base.pathname.replace(/\/$/, "")}/${encodeURIComponent(point)}/${door}`;
      base.search = base.hash = "";
      return base;
    }

    #submit(event) {
      if (this.#busy) return event.preventDefault(); // one press, one transfer
      this.#busy = true;
      this.#button.setAttribute("aria-disabled", "true");
      this.#problem.textContent = "";
      if (this.hasAttribute("token-from")) {
        event.preventDefault();
        this.#launch().catch(() => this.#failed());
      }
    }

    // A signed launch (docs/launch.md): the host makes the token now, as it lives a minute.
    async #launch() {
      const from = new URL(this.getAttribute("token-from"), document.baseURI);
      if (from.origin !== location.origin) throw new Error("another origin");
      const answer = await fetch(from, { cache: "no-store", redirect: "error" });
      const token = (await answer.text()).trim();
      if (!answer.ok || !token) throw new Error("no token");
      const form = document.createElement("form");
      const field = document.createElement("input");
      const door = this.#direction === "import" ? "import" : "launch";
      Object.assign(form, { method: "post", action: this.#address(door).href, hidden: true });
      Object.assign(field, { type: "hidden", name: "token", value: token });
      form.append(field);
      this.shadowRoot.append(form);
      form.submit();
      form.remove(); // the token is not left behind
    }

    #failed() {
      const language = this.#language();
      this.#free();
      this.#problem.lang = language in this.#labels ? language : "en";
      this.#problem.textContent = (this.#labels[language] || this.#labels.en)[1];
    }
  }

  if (!customElements.get("emrex-button")) customElements.define("emrex-button", EmrexButton);
})();
