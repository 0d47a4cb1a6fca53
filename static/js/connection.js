// The server away, or an answer that htmx does not swap: both are said, and what is on the page stays.
(() => {
  const strip = document.getElementById("offline");
  const words = document.getElementById("toasts").dataset;
  const said = { 403: words.refused, 404: words.gone, 429: words.slow };
  document.addEventListener("htmx:error", (event) => {
    if (event.detail.error instanceof TypeError) strip.hidden = false; // what fetch throws when nobody answers
  });
  document.addEventListener("htmx:before:response", () => { strip.hidden = true; });
  document.addEventListener("htmx:response:error", (event) => {
    const status = event.detail.ctx.response.status;
    const sentence = said[status] || (status >= 500 && words.broken);
    if (!sentence || event.target.matches?.("[data-poll]")) return;
    document.dispatchEvent(new CustomEvent("app:say", { detail: sentence }));
  });
})();
