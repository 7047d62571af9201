// What the pages do without asking the server: keys, selection, dialogs, local times.
// The server is told of actions only, as the event "review".
(() => {
  let current = null; // id of the alert that keys act on
  let anchor = null; // where a selection with shift began

  const rows = () => [...document.querySelectorAll("[data-alert]")];
  const idOf = (row) => Number(row.dataset.alert);
  const rowOf = (id) => document.querySelector(`[data-alert="${id}"]`);
  const pickOf = (row) => row.querySelector("input[data-pick]");
  const picked = () => rows().filter((row) => pickOf(row)?.checked).map(idOf);
  const only = () => document.querySelector("[data-alert]:not(.row-alert)"); // the alert that a page is about
  const targets = () => {
    const some = picked();
    if (some.length) return some;
    return only() ? [idOf(only())] : current === null ? [] : [current];
  };
  const mayReview = () => document.querySelector("[data-review]") !== null;

  function makeCurrent(row, focus = true) {
    document.querySelectorAll("[data-current]").forEach((other) => other.removeAttribute("data-current"));
    if (!row) return;
    current = idOf(row);
    row.setAttribute("data-current", "");
    if (focus) { row.focus({ preventScroll: true }); row.scrollIntoView({ block: "nearest" }); }
  }
  function move(step) {
    const way = document.querySelector(`a[data-step="${step}"]`);
    if (way) { way.click(); return; }
    const all = rows();
    if (!all.length) return;
    const at = all.findIndex((row) => idOf(row) === current);
    makeCurrent(all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1)]);
  }
  function pick(row, on, upTo = false) {
    const all = rows();
    const ends = [all.indexOf(row), upTo && anchor !== null ? all.indexOf(rowOf(anchor)) : all.indexOf(row)];
    all.slice(Math.min(...ends), Math.max(...ends) + 1).forEach((one) => { if (pickOf(one)) pickOf(one).checked = on; });
    anchor = idOf(row);
    countPicked();
  }
  function countPicked() {
    const number = picked().length;
    document.querySelectorAll("[data-picked]").forEach((place) => {
      place.textContent = number ? `${number} selected` : place.dataset.picked;
    });
  }
  function clearPicked() { rows().forEach((row) => { if (pickOf(row)) pickOf(row).checked = false; }); countPicked(); }

  function act(action, ids, more = {}) {
    if (action !== "undo" && !ids.length) return;
    const last = rowOf(ids[ids.length - 1]);
    emitEvent("review", { action, ids, ...more });
    if (action === "undo" || action === "open") return;
    clearPicked();
    if (last && rows().length > 1) { makeCurrent(last, false); move(1); }
  }
  function openDialog(name) {
    const dialog = document.querySelector(`dialog[data-dialog="${name}"]`);
    if (dialog && !dialog.open) dialog.showModal();
    return dialog;
  }
  function askReason(ids) {
    if (!ids.length) return;
    const dialog = openDialog("dismiss");
    if (!dialog) return;
    dialog.dataset.ids = JSON.stringify(ids);
    const about = dialog.querySelector("[data-about]");
    if (about) about.textContent = ids.length === 1 ? "1 alert" : `${ids.length} alerts`;
  }
  const review = (action, ids) => (action === "dismiss" ? askReason(ids) : act(action, ids));

  const KEYS = {
    j: () => move(1), ArrowDown: () => move(1), k: () => move(-1), ArrowUp: () => move(-1),
    x: (event) => { const row = rowOf(current); if (row && pickOf(row)) pick(row, event.shiftKey || !pickOf(row).checked, event.shiftKey); },
    c: () => mayReview() && review("confirm", targets()), d: () => mayReview() && review("dismiss", targets()),
    a: () => mayReview() && review("acknowledge", targets()), r: () => mayReview() && review("reopen", targets()),
    u: () => mayReview() && act("undo", []),
    o: () => rowOf(current)?.querySelector("a[data-open]")?.click(),
    Escape: clearPicked, "?": () => openDialog("help"),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const dialog = document.querySelector("dialog[open]");
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], .leaflet-container");
    if (dialog) {
      const choice = typing ? null : dialog.querySelector(`[data-hotkey="${CSS.escape(event.key)}"]`);
      if (choice) { event.preventDefault(); choice.click(); }
      return;
    }
    if (typing) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key === "Enter" && event.target.matches("[data-alert]")) { KEYS.o(); return; }
    if (key.startsWith("Arrow") && !event.target.closest(".row-alert")) return;
    if (KEYS[key]) { if (key !== "Escape") event.preventDefault(); KEYS[key](event); }
  });
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest?.("[data-alert]");
    if (row) makeCurrent(row, false);
    localTime(event);
  });
  document.addEventListener("click", (event) => {
    const at = (what) => event.target.closest(what);
    if (at("a.skip")) { event.preventDefault(); document.getElementById("main").focus(); return; }
    if (at("input[data-pick]")) { pick(at("[data-alert]"), event.target.checked, event.shiftKey); return; }
    if (at("[data-switch-theme]")) { window.switchTheme(); return; }
    if (at("[data-opens]")) { openDialog(at("[data-opens]").dataset.opens); return; }
    const choice = at("dialog [data-reason]");
    if (choice) {
      const dialog = at("dialog");
      const note = dialog.querySelector("textarea");
      const said = { reason: choice.dataset.reason, note: note ? note.value : "" };
      if (note) note.value = "";
      dialog.close(); // gives the focus back first, so that the next alert keeps it
      act("dismiss", JSON.parse(dialog.dataset.ids), said);
      return;
    }
    if (at("[data-closes]") || (event.target.matches("dialog") && event.target.open)) { at("dialog").close(); return; }
    const button = at("[data-does]");
    if (!button) return;
    if (button.dataset.does === "undo") { act("undo", []); return; }
    review(button.dataset.does, button.closest("[data-alert]") ? [idOf(button.closest("[data-alert]"))] : targets());
  });
  function localTime(event) {
    const time = event.target.closest?.("time[datetime]");
    if (time && !time.title) {
      const local = new Date(time.dateTime).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
      time.title = `${local} (${Intl.DateTimeFormat().resolvedOptions().timeZone})`;
    }
  }
  document.addEventListener("mouseover", localTime);
  window.addEventListener("popstate", () => location.reload());
})();
