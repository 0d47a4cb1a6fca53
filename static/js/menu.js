// A menu is a popover (<button popovertarget="x">, <div class="menu" id="x" popover>): the browser opens and closes it,
// Escape included. Here it is put beside its button, and the arrow keys walk through it.
(() => {
  const GAP = 4;
  const buttonOf = (menu) => document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`);
  const place = (menu, button) => {
    const at = button.getBoundingClientRect();
    const size = menu.getBoundingClientRect();
    const below = at.bottom + GAP + size.height <= innerHeight;
    menu.style.top = `${Math.max(GAP, below ? at.bottom + GAP : at.top - GAP - size.height)}px`;
    menu.style.left = `${Math.max(GAP, Math.min(at.right - size.width, innerWidth - size.width - GAP))}px`;
  };
  document.addEventListener("toggle", (event) => {
    const menu = event.target;
    if (!menu.matches?.(".menu")) return;
    const button = buttonOf(menu);
    button?.setAttribute("aria-expanded", event.newState === "open");
    if (event.newState !== "open" || !button) return;
    place(menu, button);
    menu.querySelector("a, button")?.focus({ preventScroll: true });
  }, true);
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.(".menu:popover-open");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!menu || !step) return;
    event.preventDefault();
    const items = [...menu.querySelectorAll("a, button:not(:disabled)")];
    items.at((items.indexOf(document.activeElement) + step) % items.length)?.focus();
  });
  const follow = () => document.querySelectorAll(".menu:popover-open").forEach((menu) => place(menu, buttonOf(menu)));
  // A choice closes the menu: a page that asks again by itself waits while one is open.
  document.addEventListener("click", (event) => {
    event.target.closest(".menu :is(a, button)")?.closest(".menu:popover-open")?.hidePopover();
  });
  addEventListener("scroll", follow, true);
  addEventListener("resize", follow);
})();
