// Block Kit blocks to DOM. `place` says where they stand: {kind, channel, ts} or {kind: "view", viewId, form}.
import { h } from "./dom.js";
import { element } from "./elements.js";
import { mrkdwn, richText } from "./mrkdwn.js";
import { emojiText } from "./emoji.js";
import { icon } from "./icons.js";

export function text(object, context) {
  if (!object) return [];
  if (object.type === "mrkdwn") return mrkdwn(object.text, context);
  return [plainText(object.text)];
}

export function plainText(value) {
  return value.replace(/:([a-z0-9_+'-]+):/g, (all, name) => emojiText(name) || all);
}

export function renderBlocks(blocks, place, context) {
  return blocks.map((block) => {
    const draw = DRAW[block.type];
    const node = draw ? draw(block, place, context) : h("div", {}, `[${block.type}]`);
    node.classList.add("block", `block-${block.type}`);
    node.dataset.blockId = block.block_id;
    return node;
  });
}

const DRAW = {
  header: (block) => h("h3", {}, plainText(block.text.text)),
  divider: () => h("hr"),
  section(block, place, context) {
    const body = h("div", { class: "section-body" });
    if (block.text) body.append(h("div", { class: "section-text" }, text(block.text, context)));
    if (block.fields) body.append(h("div", { class: "fields" }, block.fields.map((row) => h("div", { class: "field" }, text(row, context)))));
    const side = block.accessory && h("div", { class: "accessory" }, element(block.accessory, block, place, context));
    return h("div", {}, body, side);
  },
  context: (block, place, context) => h("div", {}, block.elements.map((row) => (
    row.type === "image" ? picture(row, context, "tiny") : h("span", { class: "context-text" }, text(row, context))))),
  actions: (block, place, context) => h("div", {}, block.elements.map((row) => element(row, block, place, context))),
  image: (block, place, context) => h("figure", {}, block.title && h("figcaption", {}, plainText(block.title.text)), picture(block, context, "large")),
  rich_text: (block, place, context) => h("div", {}, richText(block, context)),
  input: inputBlock,
};

function inputBlock(block, place, context) {
  const id = `in-${place.viewId || place.ts}-${block.block_id}`;
  const optional = block.optional ? h("span", { class: "optional" }, ` ${context.words.optional}`) : null;
  const grouped = ["checkboxes", "radio_buttons", "file_input"].includes(block.element.type);
  const label = h(grouped ? "div" : "label", { class: "label", ...(grouped ? { id: `${id}-label` } : { for: id }) }, plainText(block.label.text), optional);
  const control = element(block.element, block, place, context, id);
  const error = h("div", { class: "error", id: `${id}-error`, role: "alert", "data-testid": "field-error" });
  return h("div", {}, label, control, error, block.hint && h("div", { class: "hint", id: `${id}-hint` }, plainText(block.hint.text)));
}

export function picture(row, context, size) {
  const local = /^data:image\/|^\//.test(row.image_url || "") || (row.image_url || "").startsWith(`${location.origin}/`);
  if (local) return h("img", { class: size, src: row.image_url, alt: row.alt_text });
  return h("span", { class: `no-image ${size}`, role: "img", "aria-label": row.alt_text, title: `${context.words.image}\n${row.image_url || ""}` }, icon("image"), size === "tiny" ? null : row.alt_text);
}
