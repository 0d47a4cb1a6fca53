// Regions ask again by themselves (data-poll): not in a background tab, and not while a drag, an open dialog or an open
// menu would lose what they stand on. They are woken at once when the tab is shown or the hold ends.
(() => {
  const root = document.documentElement;
  const isHeld = () => document.hidden || root.dataset.hold || document.querySelector("dialog[open], .menu:popover-open");
  const wake = () => document.body.dispatchEvent(new CustomEvent("app:wake"));
  document.addEventListener("htmx:before:request", (event) => {
    if (event.target.matches?.("[data-poll]") && isHeld()) event.preventDefault();
  });
  document.addEventListener("visibilitychange", () => document.hidden || wake());
  new MutationObserver(() => root.dataset.hold || wake()).observe(root, { attributeFilter: ["data-hold"] });
  document.addEventListener("close", wake, true); // a dialog
})();
