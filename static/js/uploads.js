// Pictures and a film for the composer: picked, dropped or pasted, sent one after another with their progress, put in
// order by mouse, by button and by arrow keys. The rows are the server's.
(() => {
  const ONE = "#composer";
  const MEGABYTE = 1e6;
  const changed = (form) => form.dispatchEvent(new Event("input", { bubbles: true }));
  const listOf = (form) => form.querySelector("#media-list");
  const pickerOf = (form) => form.querySelector("[data-upload]");
  const token = () => document.cookie.match(/(?:^|; )csrftoken=([^;]*)/)?.[1] ?? "";
  const megabytes = (bytes) => (bytes / MEGABYTE).toFixed(1);

  const begin = (form, file) => {
    const row = form.querySelector("#upload-row").content.firstElementChild.cloneNode(true);
    row.querySelector("[data-name]").textContent = file.name;
    row.querySelector("progress").ariaLabel += ` ${file.name}`;
    row.file = file;
    listOf(form).append(row);
    queue(form, row);
  };
  const queue = (form, row) => {
    const before = form.lastUpload ?? Promise.resolve();
    const upload = before.then(() => row.isConnected && send(form, row));
    form.lastUpload = upload;
    form.pending.add(upload);
    upload.finally(() => form.pending.delete(upload));
  };
  const fail = (row, sentence) => {
    row.classList.remove("is-up");
    row.querySelector("progress").hidden = row.querySelector("[data-hint]").hidden = true;
    row.querySelector("[data-error]").hidden = row.querySelector("[data-again]").hidden = false;
    row.querySelector("[data-error] span").textContent = sentence;
  };
  const again = (form, row) => {
    row.classList.add("is-up");
    row.querySelector("progress").hidden = row.querySelector("[data-hint]").hidden = false;
    row.querySelector("[data-error]").hidden = row.querySelector("[data-again]").hidden = true;
    queue(form, row);
  };
  // The server would say so too, but it hangs up on what is far too large before a browser listens.
  const tooLarge = (form, file) => {
    const words = pickerOf(form).dataset;
    const kind = file.type.startsWith("video/") ? "Video" : "Image";
    return file.size > words[`most${kind}`] * MEGABYTE ? words[`large${kind}`] : "";
  };

  const send = (form, row) => new Promise((done) => {
    const sentence = tooLarge(form, row.file);
    if (sentence) return done(fail(row, sentence));
    const hint = row.querySelector("[data-hint]").dataset;
    const request = new XMLHttpRequest();
    row.request = request;
    request.open("POST", pickerOf(form).dataset.upload);
    request.setRequestHeader("X-CSRFToken", token());
    request.setRequestHeader("X-File-Name", encodeURIComponent(row.file.name));
    request.setRequestHeader("HX-Request", "true");
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => {
      const percent = Math.floor((100 * event.loaded) / event.total);
      row.querySelector("progress").value = percent;
      row.querySelector("[data-progress]").textContent = percent < 100 ? `${percent} % / ${megabytes(event.total)} MB` : hint.checking;
    };
    request.onload = () => {
      if (request.status === 201) arrive(form, row, request.responseText);
      else fail(row, { 401: hint.signedOut }[request.status] ?? (request.status < 500 || request.status === 507 ? request.responseText : hint.broken));
    };
    request.onerror = () => fail(row, hint.broken);
    request.onloadend = done;
    request.send(row.file);
  });
  const arrive = (form, row, html) => {
    const hasFocus = row.contains(document.activeElement);
    const arrived = document.adoptNode(new DOMParser().parseFromString(html, "text/html").querySelector("li"));
    row.replaceWith(arrived);
    if (hasFocus) arrived.querySelector(".alt").focus();
    changed(form);
  };
  const remove = (form, row) => {
    row.request?.abort();
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    (next?.querySelector("[data-remove]") ?? pickerOf(form)).focus();
    const { media } = row.dataset;
    if (!media) return;
    changed(form);
    // What a post uses is refused there and stays.
    fetch(pickerOf(form).dataset.discard.replace("ID", media), { method: "POST", headers: { "X-CSRFToken": token(), "HX-Request": "true" } }).catch(() => {});
  };
  const move = (row, step, focus) => {
    const other = step < 0 ? row.previousElementSibling : row.nextElementSibling;
    if (!other) return;
    other[step < 0 ? "before" : "after"](row);
    row.querySelector(focus).focus();
    const rows = [...row.parentElement.children];
    document.getElementById("say").textContent = `${row.querySelector("b").textContent}: ${rows.indexOf(row) + 1} / ${rows.length}`;
    changed(row.closest(ONE));
  };

  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-upload]")) return;
    [...event.target.files].forEach((file) => begin(event.target.form, file));
    event.target.value = ""; // sent already; and the same file may be picked again
  });
  document.addEventListener("paste", (event) => {
    const form = event.target.closest?.(ONE);
    if (!form || !event.clipboardData.files.length) return;
    event.preventDefault();
    [...event.clipboardData.files].forEach((file) => begin(form, file));
  });
  document.addEventListener("click", (event) => {
    const row = event.target.closest(`${ONE} .mrow`);
    if (!row) return;
    if (event.target.closest("[data-remove]")) remove(row.closest(ONE), row);
    else if (event.target.closest("[data-again]")) again(row.closest(ONE), row);
    else if (event.target.closest("[data-up]")) move(row, -1, "[data-up]");
  });
  document.addEventListener("keydown", (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || !event.target.matches?.(`${ONE} button.grip`)) return;
    event.preventDefault();
    move(event.target.closest(".mrow"), step, ".grip");
  });

  let dragged = null;
  const hasFiles = (event) => event.dataTransfer.types.includes("Files");
  const overForm = (event) => event.target.closest?.(ONE);
  document.addEventListener("dragstart", (event) => {
    if (!event.target.matches?.(`${ONE} .grip`)) return;
    dragged = event.target.closest(".mrow");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setDragImage(dragged, 0, 0);
  });
  document.addEventListener("dragover", (event) => {
    const form = overForm(event);
    if (!form || !(dragged || hasFiles(event))) return;
    event.preventDefault();
    form.classList.toggle("is-dropping", !dragged);
    const row = dragged && event.target.closest(".mrow");
    if (!row || row === dragged) return;
    const isBelow = dragged.compareDocumentPosition(row) & Node.DOCUMENT_POSITION_FOLLOWING;
    row[isBelow ? "after" : "before"](dragged);
  });
  document.addEventListener("dragleave", (event) => {
    const form = overForm(event);
    if (form && !form.contains(event.relatedTarget)) form.classList.remove("is-dropping");
  });
  document.addEventListener("drop", (event) => {
    const form = overForm(event);
    if (!form) return;
    form.classList.remove("is-dropping");
    if (!dragged && !hasFiles(event)) return;
    event.preventDefault();
    if (!dragged) [...event.dataTransfer.files].forEach((file) => begin(form, file));
  });
  document.addEventListener("dragend", () => {
    if (dragged?.isConnected) changed(dragged.closest(ONE));
    dragged = null;
  });
})();
