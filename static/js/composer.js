// The composer: tabs, choosing accounts, quick picks, waiting for what is still under way, and pointing at what is wrong.
// What a text counts and what a time means is for the server to say (data-preview).
(() => {
  const NARROW = "(max-width: 620px)";
  const ONE = "#composer";
  const changed = (form) => form.dispatchEvent(new Event("input", { bubbles: true }));

  const tabsOf = (form) => [...form.querySelectorAll("[role=tab]:not([hidden])")];
  const select = (tab, isFocused = true) => {
    const form = tab.closest(ONE);
    form.querySelectorAll("[role=tab]").forEach((other) => {
      const isThis = other === tab;
      other.setAttribute("aria-selected", isThis);
      other.tabIndex = isThis ? 0 : -1;
      document.getElementById(other.getAttribute("aria-controls")).hidden = !isThis;
    });
    if (isFocused) tab.focus();
  };
  const tabFor = (form, account) => form.querySelector(`[role=tab][data-account="${CSS.escape(account)}"]`);

  const setUp = (form) => {
    if (!form || "live" in form.dataset) return;
    form.dataset.live = "";
    form.pending = new Set();
    select(form.querySelector("#tab-all"), false);
    nameChoice(form);
    if (matchMedia(NARROW).matches && form.querySelector("[name=accounts]:checked")) form.querySelector(".acc").open = false;
    if (form.dataset.dialogClass) form.querySelector("#body").focus();
    form.dispatchEvent(new CustomEvent("composer:ready", { bubbles: true }));
  };

  // A text of one's own begins as the shared one.
  const begin = (form, account) => {
    const panel = document.getElementById(`panel-${account}`);
    const text = panel.querySelector("textarea");
    if (panel.querySelector("[name=own]").checked && !text.value) text.value = form.querySelector("#body").value;
    return text;
  };
  const writeOwn = (form, account) => {
    document.querySelector(`#panel-${account} [name=own]`).checked = true;
    select(tabFor(form, account), false);
    begin(form, account).focus();
    changed(form);
  };

  const boxesOf = (form) => [...form.querySelectorAll("[name=accounts]")];
  const isAllChosen = (form) => boxesOf(form).every((box) => box.checked);
  const nameChoice = (form) => form.querySelectorAll("[data-all], [data-none]").forEach((words) => {
    words.hidden = "all" in words.dataset === isAllChosen(form);
  });
  const chooseAll = (form) => {
    const isAll = isAllChosen(form);
    boxesOf(form).forEach((box) => { box.checked = !isAll; showTab(form, box); });
    changed(form);
  };
  const showTab = (form, box) => {
    nameChoice(form);
    const tab = tabFor(form, box.value);
    tab.hidden = !box.checked;
    if (tab.hidden && tab.getAttribute("aria-selected") === "true") select(form.querySelector("#tab-all"), false);
  };
  const pick = (form, value) => {
    form.querySelector("#local-time").value = value;
    form.querySelector("[name=mode][value=at]").checked = true;
    changed(form);
  };

  document.addEventListener("click", (event) => {
    const form = event.target.closest(ONE);
    if (!form) return;
    const at = (selector) => event.target.closest(selector);
    if (at("[role=tab]")) select(at("[role=tab]"));
    else if (at("[data-choose-all]")) chooseAll(form);
    else if (at("[data-pick]")) pick(form, at("[data-pick]").dataset.pick);
    else if (at("[data-own]")) writeOwn(form, at("[data-own]").dataset.own);
  });
  document.addEventListener("change", (event) => {
    const form = event.target.closest(ONE);
    if (!form) return;
    if (event.target.name === "accounts") showTab(form, event.target);
    if (event.target.name === "own") begin(form, event.target.value);
    if (event.target.matches("#late-minutes, #late-then")) form.querySelector("[name=late][value=own]").checked = true;
    if (event.target.id === "local-time") form.querySelector("[name=mode][value=at]").checked = true;
  });
  document.addEventListener("keydown", (event) => {
    const form = event.target.closest?.(ONE);
    if (!form) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(form.querySelector(".cfoot .primary"));
    // Enter in a date or a box would press the form's first button.
    if (event.key === "Enter" && event.target.matches("input")) event.preventDefault();
    if (!event.target.matches("[role=tab]")) return;
    const tabs = tabsOf(form);
    const now = tabs.indexOf(event.target);
    const next = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: -1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    select(tabs.at(next % tabs.length));
  });

  // Sending waits for uploads and for a save that is on its way.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches(ONE) || !form.pending?.size) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (form.isWaiting) return;
    form.isWaiting = true;
    const saved = form.querySelector("#saved");
    saved.textContent = saved.dataset.waiting;
    Promise.allSettled([...form.pending]).then(() => {
      form.isWaiting = false;
      if (form.isConnected) form.requestSubmit(event.submitter);
    });
  }, true);

  const FIELDS = { "accounts-errors": "[name=accounts]", "text-errors": ".opanel:not([hidden]) textarea:not([hidden])", "media-errors": "[name=files]", "when-errors": "#local-time", "late-errors": "#late-minutes" };
  const mark = (form) => Object.entries(FIELDS).forEach(([box, field]) => {
    const isWrong = Boolean(document.getElementById(box)?.querySelector(".field-err"));
    form.querySelectorAll(field).forEach((input) => input.toggleAttribute("aria-invalid", isWrong));
    if (isWrong) form.querySelectorAll(field).forEach((input) => input.setAttribute("aria-invalid", "true"));
  });
  const point = (form) => {
    if (form.querySelector("#form-errors .field-err")) form.querySelector("#form-errors").scrollIntoView({ block: "center" });
    const wrong = Object.keys(FIELDS).find((box) => form.querySelector(`#${box} .field-err`));
    if (wrong === "accounts-errors") form.querySelector(".acc").open = true;
    if (wrong === "late-errors") form.querySelector("#late").open = true;
    if (wrong) form.querySelector(FIELDS[wrong])?.focus();
    document.getElementById("say").textContent = [...form.querySelectorAll(".field-err")].map((line) => line.textContent.trim()).join(" ");
  };
  document.addEventListener("htmx:after:swap", (event) => {
    const form = document.querySelector(ONE);
    setUp(form);
    if (!form) return;
    mark(form);
    if (event.detail.ctx.sourceElement === form && event.detail.ctx.response.status >= 400) point(form);
  });
  document.addEventListener("composer:replaced", () => setUp(document.querySelector(ONE)));
  setUp(document.querySelector(ONE));
})();
