// Small behaviours, by attributes on the markup; everything works without them, by links and forms.
// Listeners stand on the document, so that what htmx brings in needs no set-up.

const typing = (target) => target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
const visible = (element) => element.offsetParent !== null;

// Keys ----------------------------------------------------------------------------------------------------------------
// "/" searches, "?" shows the keys, "g" and a letter goes to the entry with data-go, j and k move over the rows of [data-rows],
// Enter opens, x ticks, Space clicks the row's [data-look], any other letter clicks the [data-key] of that letter.
let waitsForPlace = false;

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") return closeSmallThings();
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (pressed(event)) event.preventDefault();
});

function pressed({ key, target }) {
  if (waitsForPlace) {
    waitsForPlace = false;
    return click(`[data-go="${CSS.escape(key)}"]`);
  }
  if (key === "/") return focusSearch();
  if (key === "?") { return click('[popovertarget="keys-help"]'); }
  if (key === "g") { waitsForPlace = true; setTimeout(() => { waitsForPlace = false; }, 1500); return true; }
  if (key === "j") return moveRow(1);
  if (key === "k") return moveRow(-1);
  if (key === "x") return tickRow();
  if (key === " ") return !target.closest("a, button, summary, input") && lookAtRow();
  return /^[a-z]$/.test(key) && click(`[data-key="${key}"]`);
}

function click(selector) {
  const element = [...document.querySelectorAll(selector)].find((candidate) => visible(candidate) || candidate.closest(".r-rail"));
  element?.click();
  return Boolean(element);
}

function focusSearch() {
  const search = document.getElementById("search");
  search?.focus();
  search?.select();
  return Boolean(search);
}

// Rows ----------------------------------------------------------------------------------------------------------------
const rows = () => [...document.querySelectorAll("[data-rows] > tbody > tr, [data-rows] > li")].filter((row) => visible(row) && row.querySelector("a"));
const rowNow = () => document.activeElement?.closest("[data-rows] > tbody > tr, [data-rows] > li");

function moveRow(step) {
  const all = rows(), at = all.indexOf(rowNow());
  const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step];
  const link = next?.querySelector("th a, a");
  link?.focus();
  link?.scrollIntoView({ block: "nearest" });
  return all.length > 0;
}

function tickRow() {
  const box = rowNow()?.querySelector("input[type=checkbox]");
  box?.click();
  return Boolean(box);
}

function lookAtRow() {
  const look = rowNow()?.querySelector("[data-look]");
  look?.click();
  return Boolean(look);
}

// The bulk bar: table[data-bulk=id] shows #id while a row is ticked, and how many.
document.addEventListener("change", (event) => {
  const table = event.target.closest("table[data-bulk]");
  if (!table || event.target.type !== "checkbox") return;
  const head = table.querySelector("thead input[type=checkbox]");
  if (event.target === head) ticks(table).forEach((box) => { box.checked = head.checked; });
  showBulk(table);
});

const ticks = (table) => [...table.querySelectorAll("tbody input[type=checkbox]")];

function showBulk(table) {
  const bar = document.getElementById(table.dataset.bulk), head = table.querySelector("thead input[type=checkbox]");
  const boxes = ticks(table), ticked = boxes.filter((box) => box.checked).length;
  if (bar) {
    bar.hidden = ticked === 0;
    bar.querySelector("[data-count]").textContent = ticked;
  }
  if (head) {
    head.checked = ticked > 0 && ticked === boxes.length;
    head.indeterminate = ticked > 0 && ticked < boxes.length;
  }
}

// Clicks --------------------------------------------------------------------------------------------------------------
const onClick = {
  "[data-clear]": (button) => {
    const table = document.querySelector(`table[data-bulk="${button.closest("[id]").id}"]`);
    ticks(table).forEach((box) => { box.checked = false; });
    showBulk(table);
  },
  "[data-theme-choice]": (button) => {
    try { localStorage.setItem("theme", button.dataset.themeChoice); } catch { /* storage may be blocked: the choice lasts for this page */ }
    document.dispatchEvent(new Event("themechosen"));
    button.closest("[popover]")?.hidePopover();
  },
  "[data-close-toast]": (button) => button.closest(".r-toast").remove(),
  "[data-close-panel]": closePanel,
  "[data-sets] button": (button) => {
    const group = button.closest("[data-sets]");
    for (const other of group.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === button));
    document.getElementById(group.dataset.sets).dataset[group.dataset.keySet] = button.value;
  },
  "[data-copy]": (button) => {
    navigator.clipboard?.writeText(button.dataset.copy);
    button.classList.add("r-copied");
    setTimeout(() => button.classList.remove("r-copied"), 1500);
  },
  "[data-reveal]": (button) => {
    const field = document.getElementById(button.dataset.reveal), shown = field.type === "text";
    field.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
  },
  // The demo's roles fill in the form.
  "[data-demo-email]": (button) => {
    document.getElementById("id_login").value = button.dataset.demoEmail;
    document.getElementById("id_password").value = button.dataset.demoPassword;
    for (const other of document.querySelectorAll("[data-demo-email]")) other.setAttribute("aria-pressed", String(other === button));
    document.querySelector("[data-demo-go]").focus();
  },
};

document.addEventListener("click", (event) => {
  for (const [selector, act] of Object.entries(onClick)) {
    const element = event.target.closest(selector);
    if (element) act(element);
  }
  if (!event.target.closest(".r-search")) hideHits();
});

document.addEventListener("change", (event) => event.target.form?.matches("[data-autosubmit]") && event.target.form.requestSubmit());

// Panels, hits, toasts --------------------------------------------------------------------------------------------------
let cameFrom = null;

function closeSmallThings() {
  hideHits();
  closePanel();
}

function closePanel() {
  const panel = document.querySelector("[data-side-panel]");
  if (!panel) return;
  const place = document.createElement("div"); // the next quick look comes here
  place.id = panel.id;
  place.hidden = true;
  panel.replaceWith(place);
  cameFrom?.focus();
}

const hits = () => document.getElementById("search-hits");
const hideHits = () => { if (hits()) hits().replaceChildren(); };

// Arrows walk from the search field into what was found and back.
document.addEventListener("keydown", (event) => {
  const box = event.target.closest(".r-search");
  if (!box || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
  const stops = [box.querySelector("input"), ...box.querySelectorAll(".r-hits a")];
  const next = stops[stops.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1)];
  if (!next) return;
  event.preventDefault();
  next.focus();
});

// What went well goes away by itself after ten seconds; a warning stays until it is closed. Nothing leaves under the pointer or the focus.
const SHOWN_FOR = 10_000;

function watchToasts() {
  for (const toast of document.querySelectorAll(".r-toast:not([data-watched])")) {
    toast.dataset.watched = "";
    if (["error", "warning"].includes(toast.dataset.toast)) continue;
    const leave = () => (toast.matches(":hover, :focus-within") ? setTimeout(leave, 2000) : toast.remove());
    setTimeout(leave, SHOWN_FOR);
  }
}

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target?.id === "side-panel") cameFrom = document.activeElement;
});

document.addEventListener("htmx:afterSettle", () => {
  watchToasts();
  document.querySelectorAll("table[data-bulk]").forEach(showBulk);
});

// What was typed after a question went out is newer than its answer: the answer is let go, and leaving the field asks again.
document.addEventListener("input", ({ target }) => { const form = target.closest("[data-keeps-typing]"); if (form) form.typed = true; });
document.addEventListener("htmx:beforeRequest", ({ target }) => { target.typed = false; });
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const asked = detail.requestConfig;
  if (asked.elt.typed && asked.triggeringEvent?.type === "change") detail.shouldSwap = false;
});

document.addEventListener("htmx:responseError", (event) => {
  const text = event.detail.xhr.status === 403 ? document.body.dataset.forbidden : document.body.dataset.failed;
  say(text);
});
document.addEventListener("htmx:sendError", () => say(document.body.dataset.offline));

function say(text) {
  const model = document.getElementById("toast-model"), place = document.getElementById("toasts");
  if (!model || !place || !text) return;
  const toast = model.content.firstElementChild.cloneNode(true);
  toast.querySelector("span").textContent = text;
  place.append(toast);
}

watchToasts();
document.querySelectorAll("table[data-bulk]").forEach(showBulk);
