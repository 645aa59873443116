// The message list, the thread pane and the composer.
import { arrowKeys, avatar, h, popup } from "./dom.js";
import { renderBlocks } from "./blocks.js";
import { icon } from "./icons.js";
import { uploadFile } from "./elements.js";
import { mrkdwn } from "./mrkdwn.js";
import { dayName } from "./words.js";

const GROUP_SECONDS = 300;

// Nodes of unchanged messages stay in place, so focus, open choices and scrolling survive live updates.
export function fillList(list, rows, channel, context, { inThread = false } = {}) {
  const old = new Map([...list.children].map((node) => [node.dataset.key, node]));
  const fresh = [];
  let day = null;
  let before = null;
  for (const row of rows) {
    const seconds = Number(row.ts);
    const name = dayName(seconds, context.now(), context.words, context.dates);
    if (name !== day && !inThread) fresh.push([`day ${name}`, () => h("li", { class: "day", role: "presentation" }, h("span", {}, name))]);
    const compact = before && name === day && before.user === row.user && !row.ephemeral && !before.ephemeral && seconds - Number(before.ts) < GROUP_SECONDS && !before.reply_count && !inThread;
    fresh.push([`${context.me} ${compact} ${inThread} ${JSON.stringify(row)}`, () => message(row, channel, context, { compact, inThread })]);
    day = name;
    before = row;
  }
  const nodes = fresh.map(([key, make]) => {
    const node = old.get(key) || make();
    node.dataset.key = key;
    return node;
  });
  const same = nodes.length === list.children.length && nodes.every((node, n) => node === list.children[n]);
  if (same) return;
  const focus = focusPath();
  list.replaceChildren(...nodes);
  if (focus && !document.activeElement?.dataset?.actionId) list.querySelector(focus)?.focus({ preventScroll: true });
}

// A message drawn anew (a choice was kept, the app updated it) must not take the keyboard away.
function focusPath() {
  const held = document.activeElement;
  const owner = held?.closest?.(".message");
  if (!owner || !held.dataset.actionId) return null;
  return `[data-ts="${owner.dataset.ts}"] [data-action-id="${CSS.escape(held.dataset.actionId)}"]`;
}

function message(row, channel, context, { compact, inThread }) {
  const { words, dates } = context;
  const seconds = Number(row.ts);
  const fromApp = Boolean(row.bot_id);
  const name = fromApp ? context.app.name : context.userName(row.user);
  const time = h("time", { class: "time", datetime: new Date(seconds * 1000).toISOString(), title: dates.full(seconds) }, dates.time(seconds));
  const head = h("div", { class: "head" }, h("span", { class: "author" }, name), fromApp && h("span", { class: "tag" }, words.app), time);
  const body = h("div", { class: "body" }, content(row, channel, context), row.edited && h("span", { class: "edited" }, words.edited), attachments(row, context));
  const replies = row.reply_count && !inThread ? replyLink(row, context) : null;
  const gutter = compact ? h("span", { class: "gutter" }, time.cloneNode(true)) : avatar(name, fromApp ? context.app.id : row.user);
  return h("li", { class: `message${compact ? " compact" : ""}${row.ephemeral ? " ephemeral" : ""}`, "data-ts": row.ts, "data-testid": "message" },
    gutter, h("div", { class: "column" }, row.ephemeral && h("div", { class: "only-you" }, [icon("eye"), words.onlyYou]), compact ? null : head, body, replies), tools(row, channel, context, inThread));
}

function content(row, channel, context) {
  if (!row.blocks?.length) return row.text ? h("div", { class: "text" }, mrkdwn(row.text, context)) : null;
  const place = { kind: "message", channel, ts: row.ts, state: row.state.values };
  return renderBlocks(row.blocks, place, context);
}

function attachments(row, context) {
  return (row.files || []).map((file) => h("a", { class: "attachment", href: new URL(file.url_private_download).pathname, download: file.name, title: context.words.download },
    icon("file"), h("span", {}, h("strong", {}, file.title), h("small", {}, `${file.pretty_type} · ${size(file.size)}`))));
}

const size = (bytes) => (bytes < 1024 ? `${bytes} B` : bytes < 1048576 ? `${Math.round(bytes / 1024)} kB` : `${(bytes / 1048576).toFixed(1)} MB`);

function replyLink(row, context) {
  const when = context.dates.short(Number(row.latest_reply));
  return h("button", { type: "button", class: "replies", "data-testid": "replies", onclick: () => context.go({ thread: row.ts }) },
    (row.reply_users || []).slice(0, 3).map((id) => (id === context.app.bot_user_id ? avatar(context.app.name, context.app.id, "mini") : avatar(context.userName(id), id, "mini"))),
    h("strong", {}, context.words.replies(row.reply_count)), h("small", {}, `${context.words.lastReply} ${when}`));
}

function tools(row, channel, context, inThread) {
  const { words, app } = context;
  const reply = !inThread && !row.ephemeral && h("button", { type: "button", class: "tool", title: words.reply, "aria-label": words.reply, "data-testid": "reply", onclick: () => context.go({ thread: row.thread_ts || row.ts }) }, icon("reply"));
  const more = app.shortcuts.length && !row.ephemeral && h("button", { type: "button", class: "tool", title: words.more, "aria-label": words.more, "aria-haspopup": "menu", "data-testid": "more", onclick: (event) => menu(event.currentTarget, row, channel, context) }, icon("more"));
  return reply || more ? h("div", { class: "tools" }, reply, more) : null;
}

function menu(anchor, row, channel, context) {
  const items = context.app.shortcuts.map((shortcut) => h("button", { type: "button", role: "menuitem", class: "menu-item", "data-callback-id": shortcut.callback_id, onclick: () => { close(); context.act({ kind: "shortcut", callback_id: shortcut.callback_id, channel, ts: row.ts }); } }, shortcut.name, h("small", {}, context.app.name)));
  const node = h("div", { class: "popup menu", role: "menu" }, items);
  arrowKeys(node, () => items);
  const close = popup(anchor, node);
  items[0].focus();
}

export function composer(channel, context, { thread = null, placeholder }) {
  const { words } = context;
  const area = h("textarea", { class: "draft", rows: "1", placeholder, "aria-label": placeholder, "data-testid": thread ? "thread-composer" : "composer" });
  const chips = h("div", { class: "chips" });
  let files = [];
  const draw = () => chips.replaceChildren(...files.map((file) => h("span", { class: "chip" }, icon("file"), file.name, h("button", { type: "button", "aria-label": words.remove(file.name), onclick: () => { files = files.filter((other) => other !== file); draw(); } }, "×"))));
  const picker = h("input", { type: "file", class: "file", multiple: true, "aria-label": words.attach });
  picker.addEventListener("change", async () => {
    for (const file of picker.files) files.push(await uploadFile(file, context));
    files = files.filter(Boolean);
    picker.value = "";
    draw();
  });
  const send = async () => {
    const value = area.value.trim();
    if (!value && !files.length) return;
    const slash = /^(\/\S+)\s*([\s\S]*)$/.exec(value);
    const order = slash ? { kind: "slash", command: slash[1], text: slash[2], channel } : { kind: "message", text: escapeText(value), channel, thread_ts: thread || undefined, files: files.map((file) => file.id) };
    area.value = "";
    files = [];
    draw();
    grow();
    await context.act(order);
  };
  const grow = () => { area.style.height = "auto"; area.style.height = `${Math.min(area.scrollHeight, 180)}px`; };
  area.addEventListener("input", grow);
  area.addEventListener("keydown", (event) => {
    // isComposing: Enter that confirms a Japanese conversion must not send.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); send(); }
  });
  const attach = h("label", { class: "tool", title: words.attach }, picker, icon("clip"));
  return h("div", { class: "composer" }, chips, area, h("div", { class: "composer-bar" }, attach, h("button", { type: "button", class: "btn primary send", "aria-label": words.send, onclick: send }, icon("send"))));
}

const escapeText = (value) => value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

