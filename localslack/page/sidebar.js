// The sidebar: team, the "act as" switcher with search, and conversations with unread badges.
import { arrowKeys, avatar, h, popup } from "./dom.js";

export function renderSidebar(state, context, go) {
  const { words } = context;
  const node = document.getElementById("sidebar");
  node.setAttribute("aria-label", state.workspace.team.name);
  const groups = [["im", words.apps], ["mpim", words.groups], ["channel", words.channels]];
  const focused = document.activeElement?.dataset?.key;
  node.replaceChildren(
    h("div", { class: "team" }, state.workspace.team.name),
    switcher(state, context, go),
    ...groups.map(([type, title]) => section(title, state.inbox.filter((row) => row.type === type), state, context, go)));
  if (focused) node.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

function section(title, rows, state, context, go) {
  if (!rows.length) return h("div");
  return h("section", { class: "group" }, h("h2", {}, title), h("ul", {}, rows.map((row) => h("li", {}, item(row, state, context, go)))));
}

function item(row, state, context, go) {
  const current = row.id === state.channel;
  const icon = row.type === "im" ? avatar(context.app.name, context.app.id, "mini") : h("span", { class: "hash", "aria-hidden": "true" }, row.type === "mpim" ? "◎" : "#");
  const name = row.type === "mpim" ? row.users.map(context.userName).join(", ") : row.name;
  const badge = row.unread && !current ? h("span", { class: "badge", "data-testid": "unread", "aria-label": context.words.unread(row.unread) }, row.unread > 99 ? "99+" : String(row.unread)) : null;
  return h("button", { type: "button", class: `conversation${current ? " current" : ""}${badge ? " unread" : ""}`, "aria-current": current ? "page" : null, "data-channel": row.id, "data-key": row.id, onclick: () => go({ channel: row.id, tab: "messages", thread: null }) },
    icon, h("span", { class: "name", title: name }, name), badge);
}

function switcher(state, context, go) {
  const { user, words } = context;
  const others = state.workspace.users.reduce((sum, row) => sum + (row.id === user.id ? 0 : state.workspace.unread[row.id] || 0), 0);
  const button = h("button", { type: "button", class: "switcher", "aria-haspopup": "listbox", "aria-expanded": "false", "data-testid": "switcher", "data-key": "switcher", "aria-label": `${words.actAs} ${user.real_name}`, onclick: () => open(button, state, context, go) },
    avatar(user.real_name, user.id), h("span", { class: "who" }, h("small", {}, words.actAs), h("strong", { title: user.real_name }, user.real_name),
      h("small", { "data-testid": "local-time" }, localTime(user, context))), others ? h("span", { class: "dot", title: words.unread(others) }) : null, h("span", { class: "caret", "aria-hidden": "true" }, "▾"));
  return button;
}

export function localTime(user, context) {
  const shape = new Intl.DateTimeFormat(context.user.locale, { timeZone: user.tz, weekday: "short", hour: "numeric", minute: "2-digit" });
  return `${shape.format(new Date(context.now() * 1000))} · ${user.tz.split("/").pop().replaceAll("_", " ")}`;
}

function open(button, state, context, go) {
  const { words } = context;
  const search = h("input", { class: "input", type: "search", placeholder: words.find, "aria-label": words.find, "data-testid": "switcher-search", autocomplete: "off" });
  const list = h("div", { class: "people", role: "listbox", "aria-label": words.actAs });
  const panel = h("div", { class: "popup switch-panel" }, search, list);
  const fill = () => {
    const wanted = search.value.trim().toLowerCase();
    const rows = state.workspace.users.filter((user) => `${user.real_name} ${user.name} ${user.profile.email} ${user.profile.title}`.toLowerCase().includes(wanted));
    list.replaceChildren(...(rows.length ? rows.map(person) : [h("p", { class: "none" }, words.nobody)]));
  };
  const person = (user) => h("button", { type: "button", role: "option", class: "person", disabled: user.deleted, "aria-selected": String(user.id === context.me), "data-user": user.id, onclick: () => { close(); go({ as: user.id, channel: null, thread: null, tab: "messages" }); } },
    avatar(user.real_name, user.id), h("span", { class: "who" }, h("strong", { title: user.real_name }, user.real_name), h("small", { title: user.profile.title }, user.deleted ? words.deactivated : user.profile.title || user.profile.email), h("small", {}, localTime(user, context))),
    state.workspace.unread[user.id] ? h("span", { class: "badge" }, String(state.workspace.unread[user.id])) : null);
  search.addEventListener("input", fill);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") { event.preventDefault(); list.querySelector(".person:not([disabled])")?.click(); }
  });
  arrowKeys(panel, () => [...list.querySelectorAll(".person:not([disabled])")]);
  fill();
  const close = popup(button, panel);
  search.focus();
}
