// Nothing typed is lost: drafts save themselves on the server, and until it has said so, all that is typed is kept in this
// browser, under the person's and the form's name, to be brought back after a crash, a sign-in or a server that was away.
(() => {
  const ONE = "#composer";
  const OURS = `${ONE}, [data-preview], [data-discard]`;
  const PREFIX = "punctual:";
  const TAKE = `${PREFIX}take`;
  const IDLE = 1200, LONGEST = 5000, AGAIN = 4000;
  const OLD = 30 * 24 * 3600 * 1000;
  const UNSAID = new Set(["csrfmiddlewaretoken", "client_key", "seen", "place", "timezone", "mode", "files", "fold"]);
  const token = () => document.cookie.match(/(?:^|; )csrftoken=([^;]*)/)?.[1] ?? "";
  const now = () => Date.now();

  const fields = (form) => [...new FormData(form)].filter(([, value]) => typeof value === "string");
  const said = (list) => JSON.stringify(list.filter(([name, value]) => !UNSAID.has(name) && value !== ""));
  const isBlank = (form) => !fields(form).some(([name, value]) => value.trim() && (name === "text" || name === "media" || (name.startsWith("own_"))));
  // A form is known by the post that it edits or has become, else by its own name.
  const stemOf = (form) => `${PREFIX}${form.dataset.person}:${form.dataset.post || "new"}`;
  const keyOf = (form) => stemOf(form) + (form.dataset.post ? "" : `:${form.elements.client_key.value}`);
  const read = (key) => { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } };
  const drop = (form) => localStorage.removeItem(keyOf(form));
  const isOpen = (form) => (form.isConnected || form.isClosing) && !form.isGone;
  const keep = (form) => {
    if (!isOpen(form)) return;
    try { localStorage.setItem(keyOf(form), JSON.stringify({ at: now(), fields: fields(form) })); } catch { /* full: the server has it soon */ }
  };
  const post = (url, list, more = {}) => fetch(url, {
    method: "POST", body: new URLSearchParams(list), ...more,
    headers: { "X-CSRFToken": token(), "HX-Request": "true", "HX-Current-URL": location.href },
  });
  const say = (form, text, css = "") => {
    const place = form.querySelector("#saved");
    place.textContent = text;
    place.dataset.state = css;
  };
  const words = (form) => form.querySelector("#saved").dataset;
  const span = (ms) => (ms < 60_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`);

  // While the form is being sent, a save on its own would only come between.
  const canSave = (form) => isOpen(form) && form.dataset.autosave && form.dirtyAt && !form.isSending && !form.isStopped && !isBlank(form);
  const onTheWay = new Set();
  const save = async (form, more) => {
    if (!canSave(form) || form.isSaving) return;
    const sent = fields(form), at = form.dirtyAt, key = keyOf(form);
    form.isSaving = true;
    onTheWay.add(key);
    say(form, words(form).saving);
    const saving = post(form.dataset.autosave, sent, more).then((answer) => settle(form, answer, at)).catch(() => { say(form, words(form).here, "here"); return AGAIN; });
    form.pending.add(saving);
    const wait = await saving;
    form.pending.delete(saving);
    form.isSaving = false;
    onTheWay.delete(key);
    if (!form.isClosing) { if (form.dirtyAt) later(form, wait || AGAIN); }
    // What was typed after the last one began. One that failed waits in this browser for the next form.
    else if (!wait) save(form, more);
  };
  // Answers the milliseconds after which to try again: 0 when the server has it.
  const settle = async (form, answer, at) => {
    if (answer.status === 401) { signedOut(form); return AGAIN; }
    const told = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : {};
    if (!answer.ok) {
      say(form, told.sentence ?? words(form).here, "here");
      // Changed elsewhere, or no draft any more: what happens now is for the person to say.
      form.isStopped = answer.status === 409;
      return 1000 * (told.seconds ?? 0) || AGAIN;
    }
    form.querySelector("#signed-out").hidden = true;
    form.elements.seen.value = told.seen;
    form.savedAt = now();
    drop(form);
    form.dataset.post = told.post;
    if (form.dirtyAt === at) form.dirtyAt = 0;
    else keep(form);
    say(form, words(form).just, "ok");
    form.draftUrl = told.url;
    if (form.elements.place.value === "page" && location.pathname !== told.url) history.replaceState(null, "", told.url);
    return 0;
  };
  const signedOut = (form) => {
    const note = form.querySelector("#signed-out");
    const isPage = form.elements.place.value === "page";
    note.querySelector("a").search = `?next=${encodeURIComponent(isPage ? location.pathname : form.getAttribute("action"))}`;
    note.hidden = false;
    keep(form);
    say(form, words(form).here, "here");
  };

  const later = (form, wait = IDLE) => {
    clearTimeout(form.timer);
    const left = form.dirtyAt ? Math.max(0, form.firstDirtyAt + LONGEST - now()) : wait;
    form.timer = setTimeout(() => { form.firstDirtyAt = now(); save(form); }, wait === IDLE ? Math.min(wait, left) : wait);
  };
  const touched = (event) => {
    const form = event.target.closest?.(ONE);
    if (!form || !("live" in form.dataset)) return;
    form.firstDirtyAt = form.dirtyAt ? form.firstDirtyAt : now();
    form.dirtyAt = now();
    keep(form);
    if (form.dataset.autosave) later(form);
    else say(form, words(form).here, "here");
  };
  const flush = () => {
    const form = document.querySelector(ONE);
    if (form?.dirtyAt) save(form, { keepalive: true });
  };
  const closed = (event) => {
    const form = event.target.querySelector?.(ONE);
    if (form) form.isClosing = true;
    flush();
  };

  // What was kept --------------------------------------------------------------------------------------------------
  const entries = () => Object.keys(localStorage).filter((key) => key.startsWith(PREFIX) && key !== TAKE);
  const orphan = (form) => {
    entries().filter((key) => now() - (read(key)?.at ?? 0) > OLD).forEach((key) => localStorage.removeItem(key));
    const mine = entries().filter((key) => !onTheWay.has(key)).filter((key) => key === stemOf(form) || key.startsWith(`${stemOf(form)}:`));
    return mine.filter((key) => read(key)?.fields).sort((left, right) => read(right).at - read(left).at)[0];
  };
  const bringBack = async (form, { key, kept }) => {
    const at = form.dirtyAt;
    const list = kept.fields.filter(([name]) => name !== "place" && name !== "csrfmiddlewaretoken").concat([["place", form.elements.place.value]]);
    const answer = await post(form.dataset.restore, list);
    if (answer.status === 404) localStorage.removeItem(key);
    if (!answer.ok) return;
    // Typed into meanwhile: which of the two it shall be is for the person to say.
    if (form.dirtyAt !== at) return offer(form, { key, kept });
    const fresh = document.adoptNode(new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("form"));
    form.isGone = true;
    form.replaceWith(fresh);
    htmx.process(fresh);
    fresh.isBack = kept.at;
    document.dispatchEvent(new CustomEvent("composer:replaced"));
    fresh.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const tell = (form, at, isBack) => {
    const note = form.querySelector("#restore");
    const line = note.querySelector("[data-restore-words]");
    const clock = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short", timeZone: document.documentElement.dataset.timezone || undefined, hour12: document.documentElement.dataset.clock === "12" });
    line.textContent = (isBack ? line.dataset.restoredWords : line.dataset.restoreWords).replace("%s", clock.format(at));
    note.querySelector(".acts").hidden = isBack;
    note.hidden = false;
  };
  // Held here too: an edited post is kept under one key, which the next letter typed takes.
  const offer = (form, orphaned) => {
    form.offered = orphaned;
    tell(form, orphaned.kept.at, false);
  };
  document.addEventListener("composer:ready", (event) => {
    const form = event.target;
    if (form.isBack) return tell(form, form.isBack, true);
    const key = orphan(form);
    if (!key) return;
    const kept = read(key);
    if (said(kept.fields) === said(fields(form))) return localStorage.removeItem(key);
    const isAsked = sessionStorage.getItem(TAKE) === stemOf(form);
    sessionStorage.removeItem(TAKE);
    const isNew = !form.dataset.post && isBlank(form) && !form.elements.local_time.value;
    const seen = Object.fromEntries(kept.fields).seen;
    const isNext = form.dataset.post && form.dataset.autosave && seen === form.elements.seen.value;
    if (isAsked || isNew || isNext) bringBack(form, { key, kept });
    else offer(form, { key, kept });
  });

  // ------------------------------------------------------------------------------------------------------------------
  document.addEventListener("input", touched);
  document.addEventListener("change", touched);
  document.addEventListener("visibilitychange", () => document.hidden && flush());
  addEventListener("pagehide", flush);
  document.addEventListener("close", closed, true); // the dialog, before it is emptied
  document.addEventListener("click", (event) => {
    const form = event.target.closest(ONE);
    if (!form) return;
    if (event.target.closest("[data-sign-in]")) sessionStorage.setItem(TAKE, stemOf(form));
    if (event.target.closest("[data-restore-take]")) bringBack(form, form.offered);
    if (event.target.closest("[data-restore-drop]")) {
      if (!form.dirtyAt || form.offered.key !== keyOf(form)) localStorage.removeItem(form.offered.key);
      form.querySelector("#restore").hidden = true;
    }
    const page = event.target.closest("[data-full-page]");
    if (page) leave(form, page.dataset.fullPage);
  });
  const leave = async (form, url) => {
    await save(form);
    if (form.dirtyAt) { keep(form); sessionStorage.setItem(TAKE, stemOf(form)); }
    location.href = form.draftUrl ?? url;
  };

  document.addEventListener("htmx:config:request", (event) => {
    // A sign-in in another tab has changed the token.
    if (event.target.matches?.(OURS) && token()) event.detail.ctx.request.headers["X-CSRFToken"] = token();
  });
  document.addEventListener("htmx:before:request", (event) => {
    if (event.target.matches?.(ONE)) { keep(event.target); event.target.isSending = true; }
  });
  document.addEventListener("htmx:before:response", (event) => {
    const form = event.target.matches?.(OURS) && document.querySelector(ONE);
    if (!form) return;
    const { status } = event.detail.ctx.response;
    if (status === 401) { event.preventDefault(); signedOut(form); }
    if (event.target === form && status < 300) { form.isGone = true; drop(form); }
  });
  document.addEventListener("htmx:before:request", (event) => {
    const form = event.target.matches?.("[data-discard]") && event.target.form;
    if (form) { form.isGone = true; drop(form); }
  });
  document.addEventListener("htmx:finally:request", (event) => {
    if (event.target.matches?.(ONE)) event.target.isSending = event.target.isStopped = false;
  });
  setInterval(() => {
    const form = document.querySelector(ONE);
    if (form?.savedAt && !form.dirtyAt && !form.isSaving) say(form, words(form).saved.replace("%s", span(Math.max(1000, now() - form.savedAt))), "ok");
  }, 1000);
})();
