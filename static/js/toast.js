// Toasts go by themselves (data-toast is the seconds), not while one points at or stands on them.
(() => {
  const box = document.getElementById("toasts");
  const SECOND = 1000;
  const isBusy = (toast) => toast.matches(":hover, :focus-within");
  const arm = (toast) => {
    if (toast.dataset.armed) return;
    toast.dataset.armed = "1";
    let left = Number(toast.dataset.toast);
    const timer = setInterval(() => {
      if (!toast.isConnected) clearInterval(timer);
      else if (!isBusy(toast) && --left <= 0) toast.remove();
    }, SECOND);
  };
  const armAll = () => box.querySelectorAll(".toast").forEach(arm);
  new MutationObserver(armAll).observe(box, { childList: true });
  armAll();
  box.addEventListener("click", (event) => {
    const toast = event.target.closest(".toast");
    if (event.target.closest("[data-close]")) toast.remove();
  });
  // An Undo that has been answered is used up.
  box.addEventListener("htmx:finally:request", (event) => event.target.closest(".toast")?.remove());
  document.addEventListener("app:say", (event) => {
    const toast = document.getElementById("toast").content.firstElementChild.cloneNode(true);
    toast.querySelector("span").textContent = event.detail;
    box.append(toast);
  });
})();
