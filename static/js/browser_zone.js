// A traveller's browser is in another zone than their account: the banner asks, once per zone.
(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  // Two names of one zone (Europe/Kyiv, Europe/Kiev) are not worth a question.
  const known = (name) => {
    try { return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone; } catch { return name; }
  };
  const show = () => {
    const banner = document.getElementById("browser-zone");
    if (!banner || !zone || zone === banner.dataset.kept || known(zone) === known(banner.dataset.zone)) return;
    banner.querySelector("[data-browser-zone]").textContent = zone;
    banner.querySelector("[name=browser_zone]").value = zone;
    const link = banner.querySelector("[data-change]");
    link.search = `?zone=${encodeURIComponent(zone)}`;
    link.hash = "zone";
    banner.hidden = false;
  };
  show();
  document.addEventListener("htmx:after:swap", show);
})();
