// Order entry by keyboard: [data-combobox] is a field with a list of what it finds; [data-alt] fields are reached by Alt and a digit;
// Ctrl and Enter places the order. The server finds, adds and sums; without this script the page is a plain form.

const form = document.querySelector("[data-order]");
const listOf = (input) => document.getElementById(input.getAttribute("aria-controls"));
const optionsOf = (list) => [...list.querySelectorAll("[role=option]:not([aria-disabled=true])")];
const fieldOf = (list) => form.querySelector(`[aria-controls="${list.id}"]`);
let entersWhenFound = null; // Enter was faster than the answer

form.addEventListener("keydown", (event) => {
  const input = event.target.closest("[role=combobox]");
  if (event.key === "Enter" && event.ctrlKey) { event.preventDefault(); form.requestSubmit(); return; }
  if (!input) {
    // Enter in a field goes on instead of placing half an order.
    if (event.key === "Enter" && event.target.matches("input")) { event.preventDefault(); goOn(event.target); }
    return;
  }
  if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); move(input, event.key === "ArrowDown" ? 1 : -1); }
  if (event.key === "Escape") { event.stopPropagation(); close(listOf(input)); }
  if (event.key === "Enter") { event.preventDefault(); choose(input); }
});

document.addEventListener("keydown", (event) => {
  if (!event.altKey || !/^Digit[1-9]$/.test(event.code)) return;
  const field = form.querySelector(`[data-alt="${event.code.slice(5)}"]`);
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.select?.();
});

function goOn(input) {
  const fields = [...form.querySelectorAll("input:not([type=hidden])")].filter((field) => field.offsetParent !== null);
  const next = input.id === "o-phone" || input.name === "quantity" ? document.getElementById("o-product") : fields[fields.indexOf(input) + 1];
  next?.focus();
}

function move(input, step) {
  const options = optionsOf(listOf(input)), at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  if (options.length) select(input, options[(at + step + options.length) % options.length]);
}

function select(input, option) {
  for (const other of optionsOf(listOf(input))) other.setAttribute("aria-selected", String(other === option));
  input.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

function choose(input) {
  const list = listOf(input), option = list.querySelector("[aria-selected=true]");
  if (option && input.dataset.found === input.value) option.click();
  else if (input.value.trim()) entersWhenFound = input;
  else goOn(input);
}

function close(list) {
  const input = fieldOf(list);
  list.replaceChildren();
  list.hidden = true;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

document.addEventListener("htmx:beforeRequest", ({ target, detail }) => {
  if (target.matches("[role=combobox]")) detail.xhr.askedFor = target.value;
});

document.addEventListener("htmx:afterSwap", (event) => {
  const list = event.detail.target;
  if (!list.matches("[role=listbox]")) return;
  const input = fieldOf(list), first = optionsOf(list)[0];
  input.dataset.found = event.detail.xhr.askedFor;
  list.hidden = list.children.length === 0;
  input.setAttribute("aria-expanded", String(!list.hidden));
  if (!first) return;
  select(input, first);
  htmx.process(list); // htmx itself does so only when the list has settled, which is later than a quick Enter
  if (entersWhenFound === input && input.dataset.found === input.value) first.click();
  if (input.dataset.found === input.value) entersWhenFound = null;
});

// An option was taken: its field is empty again, and the next one waits.
document.addEventListener("htmx:afterRequest", ({ target, detail }) => {
  if (!target.matches?.("[role=option]") || !detail.successful) return;
  const list = target.closest("[role=listbox]") ?? document.getElementById(target.dataset.next === "o-product" && target.hasAttribute("hx-post") ? "o-products" : "o-customers");
  fieldOf(list).value = "";
  close(list);
  document.getElementById(target.dataset.next)?.focus();
});

// Sent once: the second press waits for the first.
form.addEventListener("submit", () => { form.querySelector("[data-place]").disabled = true; });
window.addEventListener("pageshow", () => { form.querySelector("[data-place]").disabled = false; });
