// The editor of a message: a button with data-insert writes its text where the cursor stands in the field used last.
let field = null;

document.addEventListener("focusin", ({ target }) => {
  if (target.matches("#message-form textarea, #message-form input:not([type=hidden])")) field = target;
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert]");
  if (!button) return;
  const into = field ?? document.getElementById(button.dataset.into.split(" ")[0]);
  button.closest("[popover]")?.hidePopover();
  into.focus();
  into.setRangeText(button.dataset.insert, into.selectionStart, into.selectionEnd, "end");
  into.dispatchEvent(new Event("input", { bubbles: true }));
});
