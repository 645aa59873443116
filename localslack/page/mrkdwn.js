// Slack's mrkdwn and rich_text to DOM nodes. Text never becomes HTML, so nothing an app sends can run.
import { EMOJI, canDraw, emojiText, FALLBACK } from "./emoji.js";
import { h } from "./dom.js";

const plain = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
const WORD = /[\p{L}\p{N}]/u;
const STYLE = { "*": "strong", _: "em", "~": "s" };

export function mrkdwn(text, context) {
  const nodes = [];
  text.split(/```\n?([\s\S]*?)```\n?/).forEach((part, n) => {
    if (n % 2) nodes.push(h("pre", {}, plain(part.replace(/<([^<>|]+)\|([^<>]*)>/g, "$2"))));
    else if (part) nodes.push(...lines(part, context));
  });
  return nodes;
}

function lines(text, context) {
  const nodes = [];
  let quote = null;
  text.split("\n").forEach((line, n, all) => {
    const match = /^(?:&gt;|>)\s?(.*)$/.exec(line);
    if (match) {
      if (quote) quote.append(h("br"));
      else nodes.push((quote = h("blockquote")));
      quote.append(...inline(match[1], context));
      return;
    }
    nodes.push(...inline(line, context));
    if (n < all.length - 1 && !/^(?:&gt;|>)/.test(all[n + 1])) nodes.push(h("br"));
    quote = null;
  });
  return nodes;
}

function inline(text, context) {
  const nodes = [];
  let buffer = "";
  const flush = () => { if (buffer) nodes.push(plain(buffer)); buffer = ""; };
  for (let i = 0; i < text.length; i += 1) {
    const found = token(text, i, context);
    if (!found) { buffer += text[i]; continue; }
    flush();
    nodes.push(found.node);
    i = found.end;
  }
  flush();
  return nodes;
}

function token(text, i, context) {
  const mark = text[i];
  if (mark === "`") {
    const end = text.indexOf("`", i + 1);
    return end > i + 1 ? { node: h("code", {}, plain(text.slice(i + 1, end))), end } : null;
  }
  if (mark === "<") {
    const end = text.indexOf(">", i);
    return end > i ? { node: angle(text.slice(i + 1, end), context), end } : null;
  }
  if (mark === ":") {
    const match = /^:([a-z0-9_+'-]+):/.exec(text.slice(i, i + 50));
    const sign = match && EMOJI.get(match[1]);
    return sign ? { node: emoji(match[1], sign), end: i + match[0].length - 1 } : null;
  }
  return STYLE[mark] ? styled(text, i, context) : null;
}

export function emoji(name, sign) {
  return h("span", { class: "emoji", role: "img", "aria-label": name, title: `:${name}:`, "data-tint": canDraw(sign) ? null : FALLBACK[name]?.[1] }, emojiText(name) || `:${name}:`);
}

function styled(text, i, context) {
  const mark = text[i];
  if ((i && WORD.test(text[i - 1])) || /[\s]|^$/.test(text[i + 1] || "")) return null;
  for (let j = text.indexOf(mark, i + 2); j > 0; j = text.indexOf(mark, j + 1)) {
    if (text[j - 1] === " " || WORD.test(text[j + 1] || "")) continue;
    return { node: h(STYLE[mark], {}, inline(text.slice(i + 1, j), context)), end: j };
  }
  return null;
}

function angle(body, context) {
  const cut = body.indexOf("|");
  const target = cut < 0 ? body : body.slice(0, cut);
  const label = cut < 0 ? "" : body.slice(cut + 1);
  if (target.startsWith("@")) return userMention(target.slice(1), label, context);
  if (target.startsWith("#")) return h("span", { class: "mention" }, `#${context.channelName(target.slice(1)) || plain(label)}`);
  if (target.startsWith("!date^")) return date(target.slice(6).split("^"), label, context);
  if (target.startsWith("!")) return h("span", { class: "mention wide" }, `@${target.slice(1).split("^")[0]}`);
  return link(plain(target), plain(label));
}

export function link(url, label) {
  const safe = /^(https?:|mailto:|tel:)/i.test(url);
  if (!safe) return document.createTextNode(label || url);
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label || url.replace(/^mailto:/, ""));
}

export function userMention(id, label, context) {
  const self = id === context.me ? " self" : "";
  return h("span", { class: `mention${self}` }, `@${context.userName(id) || plain(label) || id}`);
}

function date([stamp, format, target], label, context) {
  const seconds = Number(stamp);
  if (!format || !Number.isFinite(seconds)) return document.createTextNode(plain(label));
  const text = plain(format).replace(/\{(\w+)\}/g, (all, name) => context.dateToken(name, seconds) ?? all);
  const shown = target ? link(target, text) : document.createTextNode(text);
  return h("time", { datetime: new Date(seconds * 1000).toISOString(), title: context.dates.full(seconds) }, shown);
}

// rich_text -----------------------------------------------------------------------------------------

export function richText(block, context) {
  const nodes = [];
  for (let n = 0; n < block.elements.length; n += 1) {
    const row = block.elements[n];
    if (row.type === "rich_text_list") nodes.push(list(row, context));
    else if (row.type === "rich_text_quote") nodes.push(h("blockquote", {}, pieces(row, context)));
    else if (row.type === "rich_text_preformatted") nodes.push(h("pre", {}, row.elements.map((piece) => piece.text || piece.url || "")));
    else nodes.push(h("div", { class: "rich" }, pieces(row, context)));
  }
  return nodes;
}

function list(row, context) {
  const tag = row.style === "ordered" ? "ol" : "ul";
  const node = h(tag, { class: `indent-${row.indent || 0}` }, row.elements.map((item) => h("li", {}, pieces(item, context))));
  if (row.offset) node.start = row.offset + 1;
  return node;
}

function pieces(row, context) {
  return row.elements.map((piece) => dressed(piece, bare(piece, context)));
}

function bare(piece, context) {
  if (piece.type === "link") return link(piece.url, piece.text);
  if (piece.type === "user") return userMention(piece.user_id, "", context);
  if (piece.type === "channel") return h("span", { class: "mention" }, `#${context.channelName(piece.channel_id)}`);
  if (piece.type === "emoji") return emoji(piece.name, EMOJI.get(piece.name) || "");
  if (piece.type === "broadcast") return h("span", { class: "mention wide" }, `@${piece.range}`);
  if (piece.type === "date") return date([piece.timestamp, piece.format, piece.url], piece.fallback || "", context);
  return h("span", { class: "text" }, piece.text || "");
}

function dressed(piece, node) {
  const tags = { bold: "strong", italic: "em", strike: "s", code: "code", underline: "u" };
  return Object.entries(tags).reduce((inner, [key, tag]) => (piece.style?.[key] ? h(tag, {}, inner) : inner), node);
}
