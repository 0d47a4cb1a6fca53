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
  // A second move of the same post makes the first one's Undo void: only the latest for an address stays.
  const placeOf = (toast) => toast.querySelector("form[action]")?.getAttribute("action").split("?")[0];
  const dropVoid = () => {
    const latest = new Map([...box.querySelectorAll(".toast")].map((toast) => [placeOf(toast), toast]));
    box.querySelectorAll(".toast").forEach((toast) => {
      if (placeOf(toast)?.endsWith("/move/undo/") && latest.get(placeOf(toast)) !== toast) toast.remove();
    });
  };
  const armAll = () => {
    dropVoid();
    box.querySelectorAll(".toast").forEach(arm);
  };
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
