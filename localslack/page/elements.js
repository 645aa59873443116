// Interactive Block Kit elements. In a view's input block they only collect; elsewhere a change is sent at once.
import { arrowKeys, h, popup, toast } from "./dom.js";
import { icon } from "./icons.js";
import { confirmDialog } from "./modal.js";
import { picture, plainText, text } from "./blocks.js";

const STATE_KEY = {
  static_select: (s) => s.selected_option?.value, radio_buttons: (s) => s.selected_option?.value,
  checkboxes: (s) => (s.selected_options || []).map((o) => o.value),
  multi_static_select: (s) => (s.selected_options || []).map((o) => o.value),
  users_select: (s) => s.selected_user, multi_users_select: (s) => s.selected_users || [],
  datepicker: (s) => s.selected_date, timepicker: (s) => s.selected_time, file_input: (s) => (s.files || []),
};

export function element(row, block, place, context, id) {
  if (row.type === "image") return picture(row, context, "side");
  const collects = block.type === "input";
  const known = place.state?.[block.block_id]?.[row.action_id];
  const draft = place.drafts?.[block.block_id]?.[row.action_id];
  const start = draft !== undefined ? draft : known && (STATE_KEY[row.type] || ((s) => s.value))(known);
  const send = async (value, node) => {
    if (collects && !block.dispatch_action) return;
    if (!(await confirmed(row, context))) {
      if (node?.tagName === "SELECT") node.value = start || "";
      return;
    }
    if (node) node.setAttribute("aria-busy", "true");
    await context.press(place, block, row, value);
    if (node) node.removeAttribute("aria-busy");
  };
  const draw = DRAW[row.type] || typed;
  const part = draw(row, { start, send, id, context, place, block });
  const node = part.node || part;
  node.dataset.actionId = row.action_id;
  if (collects && place.getters && part.get) place.getters.push([block.block_id, row.action_id, part.get]);
  if (collects && id) describe(part.control || node, id, block, row);
  if (row.focus_on_load) node.dataset.autofocus = "";
  return node;
}

function describe(control, id, block, row) {
  control.setAttribute("aria-describedby", block.hint ? `${id}-error ${id}-hint` : `${id}-error`);
  if (["checkboxes", "radio_buttons"].includes(row.type)) control.setAttribute("aria-labelledby", `${id}-label`);
  else control.id = id;
  if (!block.optional) control.setAttribute("aria-required", "true");
}

function confirmed(row, context) {
  return row.confirm ? confirmDialog(row.confirm, context) : Promise.resolve(true);
}

const DRAW = {
  button(row, { send, context }) {
    const label = plainText(row.text.text);
    const style = row.style || "";
    const node = h("button", { type: "button", class: `btn ${style}`, "aria-label": row.accessibility_label, onclick: () => press() }, label);
    const press = async () => {
      if (node.getAttribute("aria-busy")) return;
      if (row.url) window.open(row.url, "_blank", "noopener,noreferrer");
      await send(row.value, node);
    };
    if (row.value !== undefined) node.dataset.value = row.value;
    return node;
  },
  overflow(row, { send, context }) {
    const open = () => {
      const choose = (option) => { close(); if (option.url) window.open(option.url, "_blank", "noopener,noreferrer"); send(option.value, node); };
      const items = row.options.map((option) => h("button", { role: "menuitem", type: "button", class: "menu-item", "data-value": option.value, onclick: () => choose(option) },
        plainText(option.text.text), option.description && h("small", {}, plainText(option.description.text))));
      const menu = h("div", { class: "popup menu", role: "menu" }, items);
      arrowKeys(menu, () => items);
      const close = popup(node, menu);
      items[0].focus();
    };
    const node = h("button", { type: "button", class: "btn overflow", "aria-haspopup": "menu", "aria-label": context.words.options, onclick: open }, "⋯");
    return node;
  },
  static_select: (row, part) => select(row, part, optionNodes(row)),
  users_select: (row, part) => select(row, part, peopleNodes(part.context)),
  multi_static_select: (row, part) => multi(row, part, flat(row).map((o) => [o.value, plainText(o.text.text)])),
  multi_users_select: (row, part) => multi(row, part, part.context.users.filter((u) => !u.deleted).map((u) => [u.id, u.real_name])),
  datepicker: (row, part) => native("date", row, part),
  timepicker: (row, part) => native("time", row, part),
  checkboxes: (row, part) => choices("checkbox", row, part),
  radio_buttons: (row, part) => choices("radio", row, part),
  file_input: files,
};

const flat = (row) => row.options || row.option_groups.flatMap((group) => group.options);
const optionNode = (option) => h("option", { value: option.value }, plainText(option.text.text));

function optionNodes(row) {
  if (row.options) return row.options.map(optionNode);
  return row.option_groups.map((group) => h("optgroup", { label: plainText(group.label.text) }, group.options.map(optionNode)));
}

const peopleNodes = (context) => context.users.filter((user) => !user.deleted).map((user) => h("option", { value: user.id }, user.real_name));

function select(row, { start, send, context }, rows) {
  const hint = row.placeholder ? plainText(row.placeholder.text) : row.type === "users_select" ? context.words.choosePerson : context.words.choose;
  const node = h("select", { class: "select", "aria-label": hint }, h("option", { value: "" }, hint), rows);
  node.value = start || "";
  node.classList.toggle("unset", !node.value);
  node.addEventListener("change", () => { node.classList.toggle("unset", !node.value); if (node.value) send(node.value, node); });
  return { node, get: () => node.value };
}

function multi(row, { start, send, context }, rows) {
  const names = new Map(rows);
  let chosen = [...(start || [])];
  const hint = row.placeholder ? plainText(row.placeholder.text) : row.type === "multi_users_select" ? context.words.choosePeople : context.words.chooseMany;
  const picker = h("select", { class: "select unset", "aria-label": hint });
  const chips = h("div", { class: "chips" });
  const change = (next) => { chosen = next; draw(); send(chosen, node); };
  const draw = () => {
    const free = rows.filter(([value]) => !chosen.includes(value));
    picker.replaceChildren(h("option", { value: "" }, hint), ...free.map(([value, name]) => h("option", { value }, name)));
    picker.disabled = chosen.length >= (row.max_selected_items || Infinity);
    chips.replaceChildren(...chosen.map((value) => h("span", { class: "chip", "data-value": value }, names.get(value) || value,
      h("button", { type: "button", "aria-label": context.words.remove(names.get(value)), onclick: () => change(chosen.filter((other) => other !== value)) }, "×"))));
  };
  picker.addEventListener("change", () => picker.value && change([...chosen, picker.value]));
  const node = h("div", { class: "multi" }, chips, picker);
  draw();
  return { node, control: picker, get: () => chosen };
}

function native(kind, row, { start, send, context }) {
  const node = h("input", { type: kind, class: "input short", value: start || "", lang: context.user.locale, max: kind === "date" ? "9999-12-31" : null });
  node.addEventListener("change", () => node.value && send(node.value, node));
  return { node, get: () => node.value };
}

function choices(kind, row, { start, send, place, context }) {
  const chosen = [].concat(start ?? []);
  const name = `${place.viewId || place.ts}-${row.action_id}`;
  const node = h("div", { class: "choices", role: kind === "radio" ? "radiogroup" : "group" });
  const get = () => {
    const values = [...node.querySelectorAll("input:checked")].map((input) => input.value);
    return kind === "radio" ? values[0] || "" : values;
  };
  for (const option of row.options) {
    const input = h("input", { type: kind, name, value: option.value, checked: chosen.includes(option.value), onchange: () => send(get(), node) });
    node.append(h("label", { class: "choice" }, input, h("span", {}, h("span", {}, text(option.text, context)),
      option.description && h("small", {}, text(option.description, context)))));
  }
  return { node, get };
}

const TYPES = { url_text_input: "url", email_text_input: "email", number_input: "number" };

function typed(row, { start, send }) {
  const hint = row.placeholder ? plainText(row.placeholder.text) : null;
  const common = { class: "input", placeholder: hint, maxlength: row.max_length, value: start ?? "", autocomplete: "off" };
  const node = row.multiline ? h("textarea", { ...common, rows: "4" }) : h("input", { ...common, type: TYPES[row.type] || "text", step: row.is_decimal_allowed ? "any" : null, min: row.min_value, max: row.max_value });
  node.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !row.multiline && row.dispatch_action_config) { event.preventDefault(); send(node.value, node); }
  });
  return { node, get: () => node.value };
}

function files(row, { start, context }) {
  let kept = [...(start || [])];
  const list = h("div", { class: "chips" });
  const most = row.max_files || 10;
  const accept = row.filetypes ? row.filetypes.map((kind) => `.${kind}`).join(",") : null;
  const input = h("input", { type: "file", class: "file", multiple: most > 1, accept });
  const draw = () => list.replaceChildren(...kept.map((file) => h("span", { class: "chip file-chip" }, icon("file"), file.name,
    h("button", { type: "button", "aria-label": context.words.remove(file.name), onclick: () => { kept = kept.filter((other) => other !== file); draw(); } }, "×"))));
  input.addEventListener("change", async () => {
    label.setAttribute("aria-busy", "true");
    for (const file of [...input.files].slice(0, most - kept.length)) kept.push(await uploadFile(file, context));
    kept = kept.filter(Boolean);
    input.value = "";
    label.removeAttribute("aria-busy");
    draw();
  });
  const label = h("label", { class: "btn file-button" }, input, icon("clip"), context.words.upload);
  draw();
  return { node: h("div", { class: "files" }, list, label), control: input, get: () => kept.map((file) => file.id), keep: () => kept };
}

export async function uploadFile(file, context) {
  const query = new URLSearchParams({ user: context.me, name: file.name });
  const answer = await fetch(`/_human/upload?${query}`, { method: "POST", body: file });
  const data = await answer.json();
  if (!data.ok) toast(data.error);
  return data.ok ? data.file : null;
}

