// [data-copy="id"] puts that field's text on the clipboard and says so on itself; without the right to, it is selected.
document.querySelectorAll("[data-copy]").forEach((button) => {
  const field = document.getElementById(button.dataset.copy);
  const label = button.querySelector("span");
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      label.textContent = button.dataset.done;
      document.getElementById("say").textContent = button.dataset.done;
    } catch { /* selected, for Ctrl+C */ }
  });
});
