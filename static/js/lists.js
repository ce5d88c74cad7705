// What the lists do in the browser besides swapping their parts. Everything works without it, by plain links and forms.
"use strict";

const LONGEST_ADDRESS = 8000; // the web server refuses a request whose first line is longer than 8190 bytes

// A swap keeps how far the table was scrolled sideways, and how far down where the same rows come again.
const scrolled = { left: 0, top: 0, rows: "" };
const table = () => document.querySelector("#list .table");
const rows = () => [...document.querySelectorAll("#list tbody tr")].map((row) => Object.values(row.dataset)[0]).join();

document.addEventListener("htmx:beforeSwap", (event) => {
  if (!table() || !event.detail.shouldSwap) return;
  Object.assign(scrolled, { left: table().scrollLeft, top: table().scrollTop, rows: rows() });
});

document.addEventListener("htmx:afterSwap", () => {
  const now = table();
  if (!now || !scrolled.rows) return;
  now.scrollLeft = scrolled.left;
  if (rows() === scrolled.rows) now.scrollTop = scrolled.top;
});

// Where a swap takes away what had the focus (a chip, the way out of nothing), the keyboard stays at the list.
let hadFocus = false;

document.addEventListener("htmx:beforeSwap", (event) => {
  hadFocus = event.detail.target.contains(document.activeElement);
});

document.addEventListener("htmx:afterSettle", () => {
  const list = document.getElementById("list");
  if (!hadFocus || !list || document.activeElement !== document.body) return;
  list.tabIndex = -1;
  list.focus({ preventScroll: true });
});

// What somebody typed before htmx was there to hear it is asked for as soon as it is.
document.addEventListener("DOMContentLoaded", () => {
  const field = document.getElementById("q");
  if (field && field.value !== field.defaultValue) field.dispatchEvent(new Event("search"));
});

// The search field shows what the list answers, unless somebody is typing in it.
document.addEventListener("htmx:afterSettle", () => {
  const field = document.getElementById("q");
  const asked = document.getElementById("list")?.dataset.q;
  if (field && asked !== undefined && document.activeElement !== field) field.value = asked;
});

// More than the web server takes is told in the page, not sent.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.pathInfo.finalRequestPath.length > LONGEST_ADDRESS) refuse(event);
});
document.addEventListener("submit", (event) => {
  if (event.target.id !== "narrow") return;
  const query = new URLSearchParams(new FormData(event.target)).toString();
  if (event.target.action.length + query.length > LONGEST_ADDRESS) refuse(event);
});

function refuse(event) {
  event.preventDefault();
  showNotice("address-too-long");
}

// What gets the focus comes out from under the columns that stay; scroll margins cannot do that sideways.
document.addEventListener("focusin", (event) => {
  const cell = event.target.closest("#list tbody td:not(.stay, .tick, .act)");
  if (!cell) return;
  const [first, last] = [".stay", ".act"].map((name) => cell.parentElement.querySelector(name)?.getBoundingClientRect());
  const link = event.target.getBoundingClientRect();
  const hidden = Math.max(first?.right - link.left, 0) || Math.min(last?.left - link.right, 0);
  if (hidden) table().scrollLeft -= hidden + 8 * Math.sign(hidden);
});

// j and k go down and up the rows, x ticks the row in which one is.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=checkbox]), select, textarea, dialog")) return;
  if (event.key === "j" || event.key === "k") go(event.key === "j" ? 1 : -1);
  if (event.key === "x") document.activeElement.closest("#list tr")?.querySelector(".tick input:enabled")?.click();
});

function go(step) {
  const links = [...document.querySelectorAll("#list tbody td.stay a")];
  const here = links.findIndex((link) => link.closest("tr").contains(document.activeElement));
  links[Math.min(Math.max(here + step, 0), links.length - 1)]?.focus();
}
