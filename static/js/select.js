// Ticking many rows: how many are chosen is said, the buttons wait until some are, and one box ticks the page.
// Fields marked data-submit send their form at once, so its button is not needed.
(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const boxes = () => all('input[name="row"][form="picked"]');
  const show = () => {
    const form = document.querySelector("[data-picked]");
    all("[data-no-script]").forEach((button) => { button.hidden = true; });
    if (!form) return;
    const ticked = boxes().filter((box) => box.checked).length;
    const isAll = Boolean(form.elements.all?.checked);
    const told = form.querySelector("[data-picked-count]");
    const words = isAll ? told.dataset.all : ticked ? told.dataset.some.replace("#", ticked) : told.dataset.none;
    if (told.textContent !== words) told.textContent = words;
    form.querySelectorAll('button[name="action"]').forEach((button) => { button.disabled = !isAll && !ticked; });
    const page = document.querySelector("[data-pick-page]");
    if (page) {
      page.checked = ticked > 0 && ticked === boxes().length;
      page.indeterminate = ticked > 0 && ticked < boxes().length;
    }
  };
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
    if (event.target.matches("[data-pick-page]")) boxes().forEach((box) => { box.checked = event.target.checked; });
    show();
  });
  document.addEventListener("htmx:after:swap", show);
  addEventListener("pageshow", show);
  show();
})();
