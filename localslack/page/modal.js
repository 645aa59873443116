// Modals: the top view of the person's stack, inline errors, focus trap, and confirm dialogs.
import { avatar, h, trapFocus } from "./dom.js";
import { plainText, renderBlocks, text } from "./blocks.js";

let shown = null; // {key, getters, drafts}
let returnTo = null;

export function renderModal(stack, context) {
  const root = document.getElementById("modal-root");
  const view = stack[stack.length - 1];
  const key = view ? `${view.id}/${view.hash}/${context.me}` : "";
  if (shown?.key === key) return;
  if (!view) {
    root.querySelector(".overlay.view")?.remove();
    shown = null;
    if (returnTo?.isConnected) returnTo.focus();
    returnTo = null;
    return;
  }
  if (!shown) returnTo = document.activeElement;
  const drafts = shown?.view === view.id ? collect(shown.getters) : {};
  shown = { key, view: view.id, getters: [] };
  root.querySelector(".overlay.view")?.remove();
  root.append(draw(view, stack, drafts, shown.getters, context));
  const first = root.querySelector("[data-autofocus], .modal-body input, .modal-body select, .modal-body textarea");
  (first || root.querySelector(".modal-foot .btn") || root.querySelector(".modal")).focus();
}

function collect(getters) {
  const values = {};
  for (const [block, action, get] of getters) (values[block] ||= {})[action] = get();
  return values;
}

function draw(view, stack, drafts, getters, context) {
  const { words } = context;
  const place = { kind: "view", viewId: view.id, getters, drafts: withoutFiles(drafts, view), state: view.state.values };
  const close = () => context.act({ kind: "close", view_id: view.id });
  const title = h("h2", { id: `title-${view.id}` }, plainText(view.title.text));
  const head = h("header", { class: "modal-head" },
    stack.length > 1 ? h("button", { type: "button", class: "icon", "aria-label": words.back, onclick: close }, "‹") : avatar(context.app.name, context.app.id, "small"),
    title, h("button", { type: "button", class: "icon", "aria-label": words.close, onclick: close }, "×"));
  const body = h("div", { class: "modal-body" }, renderBlocks(view.blocks, place, context));
  const foot = h("footer", { class: "modal-foot" },
    h("button", { type: "button", class: "btn", "data-testid": "modal-close", onclick: close }, view.close ? plainText(view.close.text) : words.deny),
    view.submit && h("button", { type: "submit", class: "btn primary", "data-testid": "modal-submit" }, plainText(view.submit.text)));
  const form = h("form", { class: "modal", role: "dialog", "aria-modal": "true", "aria-labelledby": `title-${view.id}`, novalidate: "", tabindex: "-1", "data-view-id": view.id, "data-view-hash": view.hash, "data-testid": "modal" }, head, body, foot);
  form.addEventListener("submit", (event) => { event.preventDefault(); submit(view, form, getters, context); });
  trapFocus(form, close);
  return h("div", { class: "overlay view" }, form);
}

// File answers are kept as ids but shown as file objects, which the page knows from the state only.
function withoutFiles(drafts, view) {
  const copy = structuredClone(drafts);
  for (const block of view.blocks) if (block.element?.type === "file_input") delete copy[block.block_id];
  return copy;
}

async function submit(view, form, getters, context) {
  const button = form.querySelector("[type=submit]");
  if (!button || button.getAttribute("aria-busy")) return;
  button.setAttribute("aria-busy", "true");
  showErrors(form, {});
  const result = await context.act({ kind: "submit", view_id: view.id, values: collect(getters) }, { modal: true });
  button.removeAttribute("aria-busy");
  if (result?.errors) showErrors(form, result.errors);
}

function showErrors(form, errors) {
  let first = null;
  for (const block of form.querySelectorAll(".block-input")) {
    const message = errors[block.dataset.blockId] || "";
    block.classList.toggle("wrong", Boolean(message));
    block.querySelector(".error").textContent = message;
    const control = block.querySelector("input, select, textarea");
    if (!control) continue;
    if (message) { control.setAttribute("aria-invalid", "true"); first ||= control; } else control.removeAttribute("aria-invalid");
  }
  if (first) first.focus();
}

export function confirmDialog(row, context) {
  return new Promise((resolve) => {
    const before = document.activeElement;
    const end = (answer) => { overlay.remove(); before?.focus?.(); resolve(answer); };
    const style = row.style === "danger" ? "danger" : "primary";
    const yes = h("button", { type: "button", class: `btn ${style}`, "data-testid": "confirm-yes", onclick: () => end(true) }, plainText(row.confirm.text));
    const box = h("div", { class: "modal confirm", role: "alertdialog", "aria-modal": "true", "aria-labelledby": "confirm-title", "data-testid": "confirm" },
      h("header", { class: "modal-head" }, h("h2", { id: "confirm-title" }, plainText(row.title.text))),
      h("div", { class: "modal-body" }, h("p", {}, text(row.text, context))),
      h("footer", { class: "modal-foot" }, h("button", { type: "button", class: "btn", onclick: () => end(false) }, plainText(row.deny.text)), yes));
    trapFocus(box, () => end(false));
    const overlay = h("div", { class: "overlay top" }, box);
    document.getElementById("modal-root").append(overlay);
    yes.focus();
  });
}
