// The pages before the sign-in: a button that shows the password, and what the browser's language is used to.
(() => {
  document.querySelectorAll("[data-reveal]").forEach((box) => {
    const input = box.querySelector("input");
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn plain small reveal", textContent: box.dataset.reveal });
    button.setAttribute("aria-pressed", "false");
    button.setAttribute("aria-controls", input.id);
    button.addEventListener("click", () => {
      const isShown = input.type === "password";
      input.type = isShown ? "text" : "password";
      button.textContent = isShown ? box.dataset.hide : box.dataset.reveal;
      button.setAttribute("aria-pressed", isShown);
    });
    box.append(button);
  });
  const form = document.querySelector("[data-person]");
  if (!form) return;
  const locale = new Intl.Locale(navigator.language);
  const firstDay = (locale.getWeekInfo?.() || locale.weekInfo || { firstDay: 1 }).firstDay - 1; // Monday is 0
  const isTwelve = new Intl.DateTimeFormat(navigator.language, { hour: "numeric" }).resolvedOptions().hour12;
  form.elements.clock.value = isTwelve ? "12" : "24";
  if ([0, 5, 6].includes(firstDay)) form.elements.week_start.value = firstDay;
  document.documentElement.dataset.clock = form.elements.clock.value;
  form.elements.theme.forEach((radio) => radio.addEventListener("change", () => {
    document.documentElement.dataset.theme = radio.value;
  }));
})();
