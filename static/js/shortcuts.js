// Single keys, where the person has not switched them off (html[data-shortcuts]): each clicks, or goes into, the element
// that names it (data-key). Never while something is typed, chosen or asked.
(() => {
  const BUSY = "input, textarea, select, [contenteditable], dialog, .menu";
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.repeat) return;
    if (!("shortcuts" in document.documentElement.dataset) || event.key.length !== 1) return;
    if (event.target.closest?.(BUSY) || document.querySelector("dialog[open], .menu:popover-open")) return;
    const found = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!found) return;
    event.preventDefault();
    if (found.matches("input, textarea")) found.focus();
    else found.click();
  });
})();
