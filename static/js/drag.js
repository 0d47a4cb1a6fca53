// Moving a post: dragged onto a day or a quarter of an hour, or with Shift and an arrow key. What is sent is what the person
// did (a day, a clock time, so many days or minutes on); the server does the arithmetic and answers with the calendar.
(() => {
  const root = document.documentElement;
  const region = () => document.getElementById("calendar");
  const QUARTERS = 96;
  let held = null;

  const send = async (chip, values) => {
    const id = chip.id;
    chip.classList.add("moving");
    await htmx.ajax("POST", chip.dataset.move, {
      source: chip, target: "#calendar", swap: "outerMorph", values: { ...values, here: region().dataset.here },
    });
    const moved = document.getElementById(id);
    moved?.classList.remove("moving");
    // The focus stays on the post, also in its new cell; where it has left the page, on what remains.
    const isLost = !document.activeElement || document.activeElement === document.body;
    if (isLost) (moved?.querySelector("a.t") ?? region()).focus();
  };

  const quarterAt = (column, y) => {
    const box = column.getBoundingClientRect();
    return Math.min(Math.max(Math.floor(((y - box.top) / box.height) * QUARTERS), 0), QUARTERS - 1);
  };
  const clockOf = (quarter) => `${String(Math.floor(quarter / 4)).padStart(2, "0")}:${String((quarter % 4) * 15).padStart(2, "0")}`;
  const quarterOf = (chip) => Number(chip.className.match(/\bs(\d+)\b/)?.[1]);

  const targetOf = (event) => held && event.target.closest?.("[data-day]");
  const mark = (target) => {
    const marked = region().querySelector(".drop");
    if (marked === target) return;
    marked?.classList.remove("drop");
    target?.classList.add("drop");
  };

  const end = () => {
    held?.chip.classList.remove("dragging");
    region()?.querySelector(".drop")?.classList.remove("drop");
    held = null;
    delete root.dataset.hold;
  };

  document.addEventListener("dragstart", (event) => {
    const chip = event.target.closest?.(".chip[data-move]");
    if (!chip) return;
    const column = chip.closest(".wcol");
    held = { chip, grabbed: column ? quarterAt(column, event.clientY) - quarterOf(chip) : 0 };
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", chip.id);
    chip.classList.add("dragging");
    root.dataset.hold = "drag"; // no poll takes the chip away meanwhile
  });
  document.addEventListener("dragover", (event) => {
    const target = targetOf(event);
    if (held) mark(target);
    if (target) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    const target = targetOf(event);
    if (!target) return;
    event.preventDefault();
    const { chip, grabbed } = held;
    const day = target.dataset.day;
    const from = chip.closest("[data-day]").dataset.day;
    end();
    if (!target.matches(".wcol")) return day === from || send(chip, { day });
    const quarter = Math.min(Math.max(quarterAt(target, event.clientY) - grabbed, 0), QUARTERS - 1);
    // Only sideways: the time stays as it is, to the minute.
    if (quarter !== quarterOf(chip)) send(chip, { at: `${day}T${clockOf(quarter)}` });
    else if (day !== from) send(chip, { day });
  });
  document.addEventListener("dragend", end);

  document.addEventListener("keydown", (event) => {
    const chip = event.target.closest?.(".chip[data-move]");
    if (!chip || !event.shiftKey || chip.classList.contains("moving")) return;
    const step = {
      ArrowLeft: { days: -1 },
      ArrowRight: { days: 1 },
      ArrowUp: chip.closest(".wcol") ? { minutes: -15 } : { days: -7 },
      ArrowDown: chip.closest(".wcol") ? { minutes: 15 } : { days: 7 },
    }[event.key];
    if (!step) return;
    event.preventDefault();
    send(chip, step);
  });
})();
