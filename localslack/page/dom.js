// Small helpers: building elements, calling the server, toasts, popups and focus traps.

export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "class") node.className = value;
    else if (key in node && typeof value === "boolean") node[key] = value;
    else if (key === "value") node.value = value;
    else node.setAttribute(key, value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export async function call(path, body) {
  const options = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const answer = await fetch(path, options);
  return answer.json();
}

export function toast(text, kind = "warn") {
  const node = h("div", { class: `toast ${kind}`, "data-testid": "toast" }, text);
  document.getElementById("toasts").append(node);
  setTimeout(() => node.remove(), 6000);
}

const FOCUSABLE = "button:not([disabled]), input:not([disabled]), select, textarea, a[href], [tabindex='0']";

export function trapFocus(node, onEscape) {
  node.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      event.preventDefault();
      onEscape();
      return;
    }
    if (event.key !== "Tab") return;
    const rows = [...node.querySelectorAll(FOCUSABLE)].filter((row) => row.offsetParent !== null);
    if (!rows.length) return;
    const last = rows[rows.length - 1];
    if (event.shiftKey && document.activeElement === rows[0]) { event.preventDefault(); last.focus(); }
    else if (!event.shiftKey && document.activeElement === last) { event.preventDefault(); rows[0].focus(); }
  });
}

// A menu or listbox next to `anchor`; closes on Escape, on a click elsewhere, and gives the focus back.
export function popup(anchor, content, { onClose } = {}) {
  const root = document.getElementById("popup-root");
  root.replaceChildren();
  const box = anchor.getBoundingClientRect();
  root.append(content);
  const below = box.bottom + content.offsetHeight + 8 < innerHeight;
  content.style.left = `${Math.max(8, Math.min(box.left, innerWidth - content.offsetWidth - 8))}px`;
  content.style.top = below ? `${box.bottom + 4}px` : `${Math.max(8, box.top - content.offsetHeight - 4)}px`;
  anchor.setAttribute("aria-expanded", "true");
  const close = () => {
    document.removeEventListener("pointerdown", outside, true);
    if (content.parentNode) content.remove();
    anchor.setAttribute("aria-expanded", "false");
    if (onClose) onClose();
    if (anchor.isConnected) anchor.focus();
  };
  const outside = (event) => { if (!content.contains(event.target)) close(); };
  document.addEventListener("pointerdown", outside, true);
  trapFocus(content, close);
  return close;
}

// Arrow keys, Home and End move between the rows that `rows()` returns.
export function arrowKeys(node, rows) {
  node.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const list = rows();
    if (!list.length || (step === undefined && event.key !== "Home" && event.key !== "End")) return;
    if ((event.key === "Home" || event.key === "End") && event.target.tagName === "INPUT") return;
    event.preventDefault();
    const at = list.indexOf(document.activeElement);
    const edge = event.key === "Home" ? 0 : list.length - 1;
    const next = step === undefined ? edge : (at < 0 ? (step > 0 ? 0 : list.length - 1) : (at + step + list.length) % list.length);
    list[next].focus();
  });
}

const COLOURS = ["#1d6f8a", "#8a4b1d", "#5b3f9e", "#2c7a4b", "#a03562", "#44617b", "#7a6a1a", "#9c3d2e"];

export function avatar(name, key, size = "") {
  const words = name.trim().split(/\s+/);
  const wide = /[\u3000-\u9fff\uf900-\ufaff]/.test(name);
  const initials = wide ? [...name][0] : words.map((word) => [...word][0]).slice(0, 2).join("").toUpperCase();
  const node = h("span", { class: `avatar ${size}`, "aria-hidden": "true" }, initials);
  let sum = 0;
  for (const letter of key) sum = (sum * 31 + letter.codePointAt(0)) >>> 0;
  node.style.background = COLOURS[sum % COLOURS.length];
  return node;
}
