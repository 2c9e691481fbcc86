"use strict";
{
  const dialog = document.getElementById("keys");
  const on = document.getElementById("keys-on");
  const typing = (element) => element.matches("input:not([type=checkbox]), textarea, select, [contenteditable]");
  const items = () => Array.from(document.querySelectorAll("#panel .words details"));
  const rows = () => Array.from(document.querySelectorAll("a.row"));
  let last = "";   // the id of the check or answer that was worked on

  try { on.checked = localStorage.getItem("keys") !== "off"; } catch { on.checked = true; }
  on.addEventListener("change", () => {
    try { localStorage.setItem("keys", on.checked ? "on" : "off"); } catch { /* then for this page only */ }
  });
  document.getElementById("keys-open").addEventListener("click", () => dialog.showModal());
  document.addEventListener("focusin", (event) => {
    const item = event.target.closest("#panel .words details");
    if (item) last = item.id;
  });

  const current = () => document.getElementById(last) || null;
  const focus = (item) => {
    item.open = true;
    const summary = item.querySelector("summary");
    summary.focus();
    summary.scrollIntoView({ block: "nearest" });
  };
  const step = (list, at, by) => list[Math.min(Math.max(at + by, 0), list.length - 1)];
  const move = (by) => {
    const list = items();
    const at = list.indexOf(current());
    if (list.length) focus(at < 0 ? (list.find((item) => item.open) || list[0]) : step(list, at, by));
  };
  const go = (by) => {
    const link = document.querySelector(by > 0 ? "a[rel=next]" : "a[rel=prev]");
    if (link) { link.click(); return; }
    const list = rows();
    const at = list.indexOf(document.activeElement);
    if (list.length) (at < 0 ? list[0] : step(list, at, by)).focus();
  };
  const into = (name) => {
    const item = current() || items()[0];
    const field = item && item.querySelector(name);
    if (!field) return;
    item.open = true;
    field.focus();
    if (field.select) field.select();
  };
  const press = (button) => { if (button) button.click(); };
  const say = (key) => {
    const item = current();
    const chosen = item && item.querySelector(`[data-key="${key}"]`);
    if (!chosen) return;
    if (chosen.type === "checkbox") { chosen.checked = !chosen.checked; return; }
    chosen.selected = true;
    const form = chosen.closest("form");
    form.requestSubmit(form.querySelector("[value=save]"));
  };
  const keys = {
    "?": () => dialog.showModal(),
    j: () => go(1), n: () => go(1), k: () => go(-1), p: () => go(-1),
    ".": () => move(1), ",": () => move(-1),
    m: () => into("[name=points]"), c: () => into("textarea"),
    f: () => press(current() && current().querySelector("[value=forgive]")),
    s: () => press(current() && current().querySelector("button[id^=save]")),
    r: () => press(document.getElementById("reviewed")),
    u: () => press(document.querySelector("button.undo[data-mine]")),
    q: () => document.getElementById("to-queue").click(),
  };
  document.addEventListener("keydown", (event) => {
    if (dialog.open || event.isComposing) return;
    const there = event.target;
    if (event.key === "Enter" && event.ctrlKey && there.form) {
      event.preventDefault();
      there.form.requestSubmit(there.form.querySelector("button[id^=save]"));
      return;
    }
    if (event.key === "Escape" && typing(there)) {
      const item = there.closest("details");
      if (item) focus(item); else there.blur();
      return;
    }
    if (event.ctrlKey || event.altKey || event.metaKey || typing(there)) return;
    if (!on.checked && event.key !== "?") return;
    const act = keys[event.key] || (/^[1-9]$/.test(event.key) && (() => say(event.key)));
    if (!act) return;
    event.preventDefault();
    act();
  });

  // What was pressed may be gone from the new panel: its check is there still.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target.id !== "panel" && event.target.id !== "panel") return;
    const alert = document.querySelector("#panel [role=alert]");
    const item = current();
    if (alert && item && item.contains(alert)) item.querySelector("[name=points]").focus();
    else if (document.activeElement === document.body && item) focus(item);
  });
}
