// A list of zones becomes a search: type a city, arrow through what fits, Enter takes it, Escape leaves all as it was.
// The <select> stays in the form and keeps the value; without this script it is used as it is.
(() => {
  const SHOWN = 60;
  const MINUTE = 60 * 1000;
  const html = document.documentElement;
  const LANGUAGE = html.lang === "en" ? "en-GB" : html.lang; // day before month, as everywhere here
  const pad = (number) => String(number).padStart(2, "0");
  const fold = (text) => text.toLowerCase().replaceAll(/[_/]/g, " ");
  const wallClock = (option) => new Date(Date.now() + Number(option.dataset.minutes) * MINUTE);
  const face = (date, seconds) => {
    const [hours, tail] = [date.getUTCHours(), `:${pad(date.getUTCMinutes())}${seconds ? `:${pad(date.getUTCSeconds())}` : ""}`];
    return html.dataset.clock === "12" ? `${hours % 12 || 12}${tail} ${hours < 12 ? "am" : "pm"}` : `${pad(hours)}${tail}`;
  };
  const ready = (select) => {
    const box = select.closest("[data-zonefield]");
    const [listTemplate, rowTemplate] = box.querySelector("template").content.children;
    const list = listTemplate.cloneNode(true);
    const input = document.createElement("input");
    const options = [...select.options].filter((option) => option.value);
    let [rows, active] = [[], -1];

    const take = (option) => {
      select.value = option.value;
      select.dispatchEvent(new Event("change", { bubbles: true }));
      close();
    };
    const close = () => {
      list.hidden = true;
      input.value = select.selectedOptions[0]?.value || "";
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };
    const point = (index) => {
      rows[active]?.removeAttribute("data-active");
      active = Math.max(0, Math.min(index, rows.length - 1));
      if (!rows[active]) return;
      rows[active].setAttribute("data-active", "");
      rows[active].scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", rows[active].id);
    };
    const row = (option, words, index) => {
      const item = rowTemplate.cloneNode(true);
      const [name, offset, time] = item.querySelectorAll("span, time");
      item.id = `${select.id}-option-${index}`;
      item.dataset.value = option.value;
      item.setAttribute("aria-selected", option.value === select.value);
      name.append(...marked(option.value, words));
      offset.textContent = option.dataset.offset;
      time.textContent = face(wallClock(option));
      return item;
    };
    const show = (typed) => {
      const words = fold(typed).split(" ").filter(Boolean);
      const fits = (option) => words.every((word) => fold(`${option.value} ${option.dataset.offset}`).includes(word));
      rows = options.filter(fits).slice(0, typed ? SHOWN : options.length).map((option, index) => row(option, words, index));
      list.replaceChildren(...rows);
      if (!rows.length) list.append(Object.assign(document.createElement("li"), { className: "none", textContent: box.dataset.none }));
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
      point(typed ? 0 : rows.findIndex((item) => item.dataset.value === select.value));
    };
    const keys = {
      ArrowDown: () => (list.hidden ? show("") : point(active + 1)),
      ArrowUp: () => (list.hidden ? show("") : point(active - 1)),
      Home: () => point(0),
      End: () => point(rows.length - 1),
      Enter: () => rows[active] && take(options.find((option) => option.value === rows[active].dataset.value)),
      Escape: close,
    };
    input.addEventListener("keydown", (event) => {
      if (!keys[event.key] || (list.hidden && !event.key.startsWith("Arrow"))) return;
      event.preventDefault();
      keys[event.key]();
    });
    input.addEventListener("input", () => show(input.value));
    input.addEventListener("click", () => { if (list.hidden) { input.select(); show(""); } });
    input.addEventListener("blur", close);
    list.addEventListener("mousedown", (event) => {
      event.preventDefault(); // the input keeps the focus
      const item = event.target.closest("[role=option]");
      if (item) take(options.find((option) => option.value === item.dataset.value));
    });

    list.id = `${select.id}-list`;
    list.setAttribute("aria-label", box.dataset.list);
    Object.assign(input, { type: "text", className: "field", id: select.id, autocomplete: "off", spellcheck: false });
    for (const name of ["aria-describedby", "aria-invalid"]) if (select.hasAttribute(name)) input.setAttribute(name, select.getAttribute(name));
    for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-controls": list.id, "aria-expanded": "false" })) input.setAttribute(name, value);
    select.id = `${select.id}-select`;
    select.hidden = true;
    if ("guess" in select.dataset && !select.value) guess(select, options);
    select.before(input);
    box.append(list);
    close();
    watch(select, input.id);
  };
  const marked = (name, words) => {
    const at = words.length ? fold(name).indexOf(words[0]) : -1;
    if (at < 0) return [name];
    const mark = document.createElement("mark");
    mark.textContent = name.slice(at, at + words[0].length);
    return [name.slice(0, at), mark, name.slice(at + words[0].length)];
  };
  const guess = (select, options) => {
    const canonical = (name) => { try { return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone; } catch { return name; } };
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const found = options.find((option) => option.value === zone) || options.find((option) => canonical(option.value) === zone);
    if (found) select.value = found.value;
  };
  // The wall clock of the chosen zone, to compare with one's watch.
  const watch = (select, id) => {
    const panel = document.querySelector(`[data-watch="${id}"]`);
    if (!panel) return;
    const tick = () => {
      const option = select.selectedOptions[0];
      panel.hidden = !option?.value;
      if (panel.hidden) return;
      const now = wallClock(option);
      panel.querySelector("b").textContent = face(now, true);
      panel.querySelector("[data-day]").textContent = now.toLocaleDateString(LANGUAGE, { timeZone: "UTC", weekday: "long", day: "numeric", month: "long" });
      panel.querySelector("[data-offset]").textContent = option.dataset.offset;
    };
    tick();
    select.addEventListener("change", tick);
    setInterval(tick, 1000);
  };
  document.querySelectorAll("[data-zonefield] select").forEach(ready);
})();
