// What the calendar's region cannot say in HTML: the line of now that moves on, where a column begins to show, a click on
// an empty day, and filters that take effect when they are ticked. The server prints times; nothing is computed here.
(() => {
  const MINUTE = 60_000;
  const MINUTES = 1440;
  const HOURS = 24;
  const MORNING = 9;
  const EARLIER = 2; // hours shown above what is looked for
  const region = () => document.getElementById("calendar");

  // The server says which minute it was when it drew the line; the rest is time gone by.
  let drawn = { line: null, at: 0 };
  const moveLine = () => {
    const line = document.getElementById("now");
    if (!line) return;
    if (drawn.line !== line || drawn.minute !== line.dataset.minute) {
      drawn = { line, minute: line.dataset.minute, at: performance.now() };
    }
    const minute = Number(line.dataset.minute) + (performance.now() - drawn.at) / MINUTE;
    line.style.setProperty("--day-part", Math.min(minute / MINUTES, 1));
    line.classList.add("placed");
  };

  // Once per page: a morph keeps the element, and with it where the person has scrolled to.
  const scrolled = new WeakSet();
  const scrollToDay = () => {
    const week = document.querySelector(".week");
    if (!week || scrolled.has(week)) return;
    scrolled.add(week);
    const hour = week.querySelector(".wcol").clientHeight / HOURS;
    const chips = [...week.querySelectorAll(".chip")].map((chip) => chip.offsetTop);
    const sought = document.getElementById("now")?.offsetTop ?? Math.min(...chips, MORNING * hour);
    week.scrollTop = Math.max(0, sought - EARLIER * hour);
  };

  // The list begins with the month; what is wanted begins with today.
  const scrollToToday = () => {
    const later = document.querySelector(".list-day:not(.past)");
    if (later && document.querySelector(".list-day.past") && !location.search.includes("date=")) later.scrollIntoView();
  };

  const openDay = (event) => {
    const cell = event.target.closest?.("td[data-day]");
    if (cell && !event.target.closest("a, .chip, button")) cell.querySelector("a.add")?.click();
  };

  const submit = (form) => {
    // All ticked is no filter: the address stays short, and an account that comes later is in it.
    const boxes = [...form.elements.account ?? []].filter((box) => box.type === "checkbox");
    if (boxes.every((box) => box.checked)) {
      for (const field of form.querySelectorAll("[name=account], [name=picked]")) field.disabled = true;
    }
    form.requestSubmit();
  };

  const refresh = () => { moveLine(); scrollToDay(); };
  refresh();
  scrollToToday();
  setInterval(moveLine, MINUTE / 4);
  document.addEventListener("htmx:after:swap", refresh);
  document.addEventListener("click", (event) => region()?.contains(event.target) && openDay(event));
  document.addEventListener("change", (event) => {
    const form = event.target.closest?.("form[data-autosubmit]");
    if (form) submit(form);
  });
})();
