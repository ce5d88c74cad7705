// What the frame of every page does in the browser. Everything works without it, by plain links and forms.
"use strict";

const notices = () => document.getElementById("notices");

function showNotice(name, fill = () => {}) {
  const notice = document.getElementById(name).content.cloneNode(true);
  fill(notice);
  float(notice);
}

function float(notice) {
  notices().replaceChildren(notice);
  notices().dataset.floats = "";
}

function hushNotices() {
  notices().replaceChildren();
  delete notices().dataset.floats;
}

function announce(words) {
  document.getElementById("announce").textContent = words;
}

// "/" goes to the find field, unless somebody is typing; Escape closes an open menu, and what is told over the page.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea, [contenteditable]");
  const find = document.querySelector(".top .find input");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey && find) {
    event.preventDefault();
    find.focus();
    find.select();
  }
  if (event.key === "Escape") {
    closeMenus(null, true);
    if ("floats" in notices().dataset) hushNotices();
  }
});

function closeMenus(inside, backToSummary = false) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu.contains(inside)) continue;
    if (backToSummary && menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    menu.open = false;
  }
}

document.addEventListener("click", (event) => {
  closeMenus(event.target);
  const closer = event.target.closest("dialog [data-close]");
  if (closer) {
    event.preventDefault();
    closer.closest("dialog").close();
  }
  if (event.target.closest("[data-reload]")) {
    event.preventDefault();
    location.reload();
  }
  const copier = event.target.closest("[data-copy]");
  if (copier) copy(document.querySelector(copier.dataset.copy), copier);
});

// Copying needs a secure address (https or this machine) and leave; elsewhere the field is selected, for the keyboard.
async function copy(field, button) {
  field.select();
  const isCopied = await navigator.clipboard?.writeText(field.value).then(() => true, () => false);
  if (!isCopied) return announce("Selected. Press Ctrl C to copy.");
  button.querySelector("span").textContent = "Copied";
  announce("Copied.");
}

for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;

// On a narrow screen the places scroll sideways: where one is has to be in sight.
document.querySelector(".places [aria-current]")?.scrollIntoView({ inline: "nearest", block: "nearest" });

// A question comes into #dialog as a part and is opened there; when it closes, the focus goes back to who asked.
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "dialog") return;
  const dialog = event.detail.target.querySelector("dialog");
  dialog?.addEventListener("close", () => dialog.remove());
  dialog?.showModal();
});

// A form that comes back with something wrong: the keyboard goes to the first field of it.
function goToWhatIsWrong() {
  if (document.activeElement === document.body) document.querySelector('main form [aria-invalid="true"]')?.focus();
}

goToWhatIsWrong();
document.addEventListener("htmx:afterSettle", goToWhatIsWrong);

// Back or Forward before htmx was there to hear it: the address leads elsewhere by now than to what is shown.
document.addEventListener("DOMContentLoaded", () => {
  const shown = performance.getEntriesByType("navigation")[0]?.name ?? "";
  if (!shown.startsWith("http")) return; // some browsers say nothing, or another word
  const { pathname, search } = new URL(shown);
  if (pathname + search !== location.pathname + location.search) location.reload();
});

// A form is sent once: what is pressed again while the answer is on its way does nothing.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || form.hasAttribute("hx-post")) return;
  if (form.ariaBusy === "true") return event.preventDefault();
  form.ariaBusy = "true";
  if (event.submitter) event.submitter.ariaBusy = "true";
});
window.addEventListener("pageshow", () => {
  for (const busy of document.querySelectorAll("form[aria-busy], button[aria-busy]")) busy.ariaBusy = null;
});

// Errors of htmx requests are told where one is in the page, and go away with the next answer. What a page came with stays.
document.addEventListener("htmx:sendError", () => showNotice("connection-lost"));
document.addEventListener("htmx:timeout", () => showNotice("connection-lost"));
document.addEventListener("htmx:responseError", (event) => {
  const answer = event.detail.xhr;
  if (answer.getResponseHeader("X-Notice")) {
    float(document.createRange().createContextualFragment(answer.responseText));
  } else {
    showNotice("answer-failed", (notice) => (notice.querySelector("[data-code]").textContent = answer.status));
  }
});
document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (event.detail.xhr.status < 400 && "floats" in notices().dataset) hushNotices();
});
document.addEventListener("announce", (event) => announce(event.detail.words));

// Ages go on counting while a page stays open, from the server's clock at the time of the page. Same rules as times.py.
const pageOpened = performance.now();
const serverNow = Date.parse(document.body.dataset.now);
const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

function spanWords(span) {
  const of = (unit) => Math.floor(span / unit);
  if (span < HOUR) return `${of(MINUTE)} min`;
  if (span < 2 * DAY) return `${of(HOUR)} h ${String(of(MINUTE) % 60).padStart(2, "0")} min`;
  return `${of(DAY)} d ${of(HOUR) % 24} h`;
}

function ageWords(age, kind) {
  if (age <= -MINUTE) return `in ${spanWords(-age)}`;
  if (age < MINUTE) return "just now";
  return kind === "ago" ? `${spanWords(age)} ago` : spanWords(age);
}

// data-skew: the moment is a backup server's, whose clock is so many seconds ahead of ours.
function ageOf(time, now) {
  const age = now + 1000 * (time.dataset.skew ?? 0) - Date.parse(time.dateTime);
  return age > -HOUR ? Math.max(age, 0) : age; // ahead by less: the clock that gave it was set back since
}

function tick() {
  const now = serverNow + performance.now() - pageOpened;
  for (const time of document.querySelectorAll("time[data-since]")) {
    const words = ageWords(ageOf(time, now), time.dataset.since);
    if (time.textContent !== words) time.textContent = words;
  }
  const pill = document.getElementById("data-age");
  const age = pill?.dataset.age ? now - Date.parse(pill.dataset.age) : 0;
  if (age >= MINUTE) pill.firstElementChild.textContent = `Data ${spanWords(age)} old`;
  if (pill?.dataset.status === "ok" && now > Date.parse(pill.dataset.lateAt)) pill.dataset.status = "late";
  if (age > DAY) pill.dataset.status = "critical";
}

setInterval(tick, 20_000);
document.addEventListener("htmx:afterSwap", tick); // a part that the browser had kept tells ages as they were then
document.addEventListener("visibilitychange", () => document.hidden || tick());
