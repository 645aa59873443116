// The page: what is open, loading it, and drawing it again when the workspace changes.
import { avatar, call, h, toast } from "./dom.js";
import { renderBlocks } from "./blocks.js";
import { icon } from "./icons.js";
import { composer, fillList } from "./messages.js";
import { renderModal } from "./modal.js";
import { localTime, renderSidebar } from "./sidebar.js";
import { formatter, nearDay, wordsFor } from "./words.js";

const state = { as: null, channel: null, tab: "messages", thread: null, workspace: null, inbox: [], views: { stack: [], home: null }, clockAt: 0, drawn: "" };
let context = null;
const query = (user) => new URLSearchParams({ user });

async function load() {
  state.workspace = await call("/_human/workspace");
  state.clockAt = performance.now() / 1000;
  const user = chosen();
  if (user.id !== state.as) { state.as = user.id; state.drawn = ""; }
  const [inbox, views] = await Promise.all([call(`/_human/inbox?${query(user.id)}`), call(`/_human/views?${query(user.id)}`)]);
  if (user.id !== state.as) return;
  state.inbox = inbox.conversations;
  state.views = views;
  if (!state.inbox.some((row) => row.id === state.channel)) state.channel = state.inbox[0].id;
  context = makeContext(user);
  draw();
}

function chosen() {
  const key = state.as || "";
  const users = state.workspace.users.filter((user) => !user.deleted);
  const found = users.find((user) => [user.id, user.name].includes(key) || user.profile.email.toLowerCase() === key.toLowerCase());
  return found || users.find((user) => state.workspace.unread[user.id]) || users[0];
}

const now = () => state.workspace.clock.now + (state.workspace.clock.frozen ? 0 : performance.now() / 1000 - state.clockAt);

function makeContext(user) {
  const { app, users } = state.workspace;
  const words = wordsFor(user.locale);
  const dates = formatter(user.locale, user.tz);
  const names = new Map([...users.map((row) => [row.id, row.real_name]), [app.bot_user_id, app.name]]);
  return {
    me: user.id, user, users, app, words, dates, now, go, refresh: load, act, press,
    userName: (id) => names.get(id) || "",
    channelName: (id) => state.inbox.find((row) => row.id === id)?.name || "",
    dateToken: (name, seconds) => dateToken(name, seconds, words, dates),
  };
}

function dateToken(name, seconds, words, dates) {
  const pretty = name.endsWith("_pretty");
  const relative = pretty ? nearDay(seconds, now(), words, dates) : null;
  if (relative) return relative;
  const shape = {
    date_num: { year: "numeric", month: "2-digit", day: "2-digit" }, date_slash: { year: "numeric", month: "2-digit", day: "2-digit" },
    date: { year: "numeric", month: "long", day: "numeric" }, date_short: { year: "numeric", month: "short", day: "numeric" },
    date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" }, day_divider: { weekday: "long", month: "long", day: "numeric" },
    time: { hour: "numeric", minute: "2-digit" }, time_secs: { hour: "numeric", minute: "2-digit", second: "2-digit" },
  }[name.replace("_pretty", "")];
  if (name === "ago") return ago(seconds);
  return shape ? dates.of(shape)(seconds) : null;
}

function ago(seconds) {
  const shape = new Intl.RelativeTimeFormat(context.user.locale, { numeric: "auto" });
  const gap = seconds - now();
  const [unit, length] = [["day", 86400], ["hour", 3600], ["minute", 60]].find(([, size]) => Math.abs(gap) >= size) || ["second", 1];
  return shape.format(Math.round(gap / length), unit);
}

async function act(order, { modal = false } = {}) {
  const result = await call("/_human/act", { user: state.as, ...order });
  if (!result.ok) toast(result.error);
  else if (!result.acked) toast(explain(result));
  if (!modal || result.acked) await load();
  return result;
}

function explain(result) {
  const { words } = context;
  if (result.reason === "no_connection" || result.reason === "connection_failed") return words.noConnection;
  return ["timeout", "http_timeout"].includes(result.reason) ? words.noAnswer : words.trouble;
}

function press(place, block, row, value) {
  const where = place.kind === "view" ? { view_id: place.viewId } : { channel: place.channel, ts: place.ts };
  return act({ kind: row.type === "button" ? "press" : "select", action_id: row.action_id, block_id: block.block_id, value, ...where });
}

async function go(change) {
  Object.assign(state, change);
  if ("as" in change) document.getElementById("main").replaceChildren();
  if ("as" in change || "channel" in change) state.drawn = "";
  await load();
  if (change.tab === "home") await act({ kind: "home_opened" });
  if (change.thread) document.querySelector("#thread .draft")?.focus();
}

function draw() {
  const { words, user } = context;
  document.documentElement.lang = user.locale;
  document.title = `${state.workspace.app.name} — ${user.real_name}`;
  history.replaceState(null, "", `/?${new URLSearchParams({ as: user.id, channel: state.channel })}`);
  drawBanner(words);
  renderSidebar(state, context, go);
  const row = state.inbox.find((other) => other.id === state.channel);
  drawMain(row);
  drawThread(row);
  renderModal(state.views.stack, context);
  if (row.unread && state.tab === "messages") call("/_human/act", { user: state.as, kind: "read", channel: row.id });
}

function drawBanner(words) {
  const moment = context.dates.of({ year: "numeric", month: "short", day: "numeric", weekday: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" })(now());
  const stopped = state.workspace.clock.frozen ? ` (${words.frozen})` : "";
  const parts = [words.tagline, `${words.clock} ${moment}${stopped}`];
  document.getElementById("banner").replaceChildren(icon("lock"), h("strong", {}, parts[0]), h("span", { class: "clock", "data-testid": "clock" }, parts[1]));
}

function drawMain(row) {
  const main = document.getElementById("main");
  const key = `${context.me} ${row.id} ${state.tab} ${state.tab === "home" ? state.views.home?.hash : ""}`;
  if (state.drawn !== key || !main.firstChild) {
    state.drawn = key;
    main.replaceChildren(header(row), ...(state.tab === "home" && row.type === "im" ? [homePane()] : messagePane(row)));
  }
  const list = main.querySelector(".list");
  if (!list) return;
  const scroller = list.parentNode;
  const atEnd = !list.children.length || scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;
  const rows = row.messages.filter((message) => !message.thread_ts || message.thread_ts === message.ts);
  fillList(list, rows, row.id, context);
  main.querySelector(".empty").hidden = rows.length > 0;
  if (atEnd) scroller.scrollTop = scroller.scrollHeight;
}

function header(row) {
  const { words, app } = context;
  const direct = row.type === "im";
  const title = direct ? [avatar(app.name, app.id, "small"), h("h1", {}, app.name), h("span", { class: "tag" }, words.app)] : [h("h1", {}, row.type === "mpim" ? row.users.map(context.userName).join(", ") : `# ${row.name}`)];
  const tab = (name, label) => h("button", { type: "button", role: "tab", class: "tab", "aria-selected": String(state.tab === name), "data-testid": `tab-${name}`, onclick: () => go({ tab: name, thread: null }) }, label);
  return h("header", { class: "main-head" }, h("div", { class: "title" }, title), direct && h("div", { class: "tabs", role: "tablist" }, tab("home", words.home), tab("messages", words.messages)));
}

function messagePane(row) {
  const { words, app } = context;
  const direct = row.type === "im";
  const empty = h("div", { class: "empty", "data-testid": "empty" }, direct ? avatar(app.name, app.id, "big") : h("span", { class: "big-hash" }, "#"), h("h2", {}, direct ? words.emptyDm(app.name) : words.emptyChannel(row.name)), h("p", {}, words.emptyDmHint));
  const name = direct ? app.name : row.type === "channel" ? `#${row.name}` : row.users.map(context.userName).join(", ");
  const list = h("ul", { class: "list", "aria-label": words.messages });
  return [h("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": words.messages }, empty, list), composer(row.id, context, { placeholder: words.writeTo(name) })];
}

function homePane() {
  const { words } = context;
  const { home } = state.views;
  if (!home) return h("div", { class: "empty home", "data-testid": "no-home" }, h("p", {}, words.noHome), h("button", { type: "button", class: "btn", onclick: () => act({ kind: "home_opened" }) }, words.openHome));
  const place = { kind: "view", viewId: home.id, state: home.state.values };
  return h("div", { class: "scroller", tabindex: "0" }, h("div", { class: "home", "data-view-id": home.id, "data-testid": "home" }, renderBlocks(home.blocks, place, context)));
}

function drawThread(row) {
  const pane = document.getElementById("thread");
  const rows = state.thread ? row.messages.filter((message) => message.ts === state.thread || message.thread_ts === state.thread) : [];
  pane.hidden = !rows.length;
  document.body.classList.toggle("with-thread", Boolean(rows.length));
  const key = rows.length ? `${context.me} ${row.id} ${state.thread}` : "";
  if (pane.dataset.key !== key) {
    pane.dataset.key = key;
    const { words } = context;
    const close = () => go({ thread: null });
    pane.setAttribute("aria-label", words.thread);
    pane.replaceChildren(...(rows.length ? [h("header", { class: "main-head" }, h("div", { class: "title" }, h("h1", {}, words.thread)), h("button", { type: "button", class: "icon", "aria-label": words.close, onclick: close }, "×")),
      h("div", { class: "scroller" }, h("ul", { class: "list" })), composer(row.id, context, { thread: state.thread, placeholder: words.writeReply })] : []));
  }
  if (!rows.length) return;
  const list = pane.querySelector(".list");
  const before = list.children.length;
  fillList(list, rows, row.id, context, { inThread: true });
  if (list.children.length !== before) list.parentNode.scrollTop = list.parentNode.scrollHeight;
}

document.getElementById("thread").addEventListener("keydown", (event) => { if (event.key === "Escape") go({ thread: null }); });

let pending = null;
function soon() {
  clearTimeout(pending);
  pending = setTimeout(() => load().catch(() => {}), 40);
}

async function start() {
  const asked = new URLSearchParams(location.search);
  state.as = asked.get("as");
  state.channel = asked.get("channel");
  if (asked.get("tab") === "home") state.tab = "home";
  state.thread = asked.get("thread");
  await load();
  const live = new EventSource("/_human/live");
  live.onmessage = soon;
  live.onopen = soon;
  setInterval(() => {
    drawBanner(context.words);
    const shown = document.querySelector("[data-testid=local-time]");
    if (shown) shown.textContent = localTime(context.user, context);
  }, 1000);
  document.body.dataset.ready = "true";
}

start();
