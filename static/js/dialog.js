// <a href="/x/" data-dialog> opens what the address answers in the page's <dialog>; without a script it is a plain link.
// The server sees HX-Target "dialog#dialog". A form in it stays in it (hx-target="#dialog") until the server answers with
// the event dialog:close, a redirect or a refresh. [data-close] closes; focus goes back to where it came from.
(() => {
  const dialog = document.getElementById("dialog");
  let opener = null;
  const close = () => dialog.open && dialog.close();
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-dialog]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      // A menu has closed by then: what opened it is what one comes back to.
      const menu = link.closest(".menu");
      opener = menu ? document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`) : link;
      htmx.ajax("GET", link.getAttribute("href") || link.dataset.dialog, { source: link, target: "#dialog", swap: "innerHTML" });
    }
    if (event.target.closest("#dialog [data-close]")) close();
  });
  // A press beside a small question closes it; a whole form stays, so that a slip loses nothing.
  dialog.addEventListener("mousedown", (event) => {
    const box = dialog.getBoundingClientRect();
    const isInside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (event.target === dialog && !isInside && !dialog.classList.contains("sheet")) close();
  });
  document.addEventListener("htmx:after:swap", () => {
    if (!dialog.firstElementChild) return;
    // The first element says what it wants to be: a small question, or the sheet that holds a whole form.
    dialog.className = dialog.firstElementChild.dataset.dialogClass || "dialog";
    dialog.setAttribute("aria-labelledby", dialog.querySelector("h2[id]")?.id || "");
    if (!dialog.open) dialog.showModal();
  });
  dialog.addEventListener("close", () => {
    dialog.replaceChildren();
    const back = opener?.isConnected ? opener : opener?.id && document.getElementById(opener.id);
    back?.focus();
    opener = null;
  });
  document.addEventListener("dialog:close", close);
  document.addEventListener("click", (event) => {
    if (event.target.closest("a.skip")) document.getElementById("main").focus();
  });
})();
