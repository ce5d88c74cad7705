// Which replicas are ticked, on this page of a list and on others: kept in this tab until they are sent or unticked. A
// row may be of a VM; then its tick is its replica's, and so is that of every other VM on it.
// Without JavaScript the ticks of one page are sent by the form itself.
"use strict";

const bar = () => document.getElementById("picked");
const ticks = () => [...document.querySelectorAll("#list .tick input[name=id]:enabled")];
const all = () => document.querySelector("#list [data-pick-all]");
const key = () => `picked-${bar().dataset.person}`;
const read = () => new Set(JSON.parse(sessionStorage.getItem(key()) ?? "[]"));
const replicasOf = (ticks) => new Set(ticks.map((tick) => tick.value));

function keep(picked) {
  if (picked.size) sessionStorage.setItem(key(), JSON.stringify([...picked]));
  else sessionStorage.removeItem(key());
  show();
}

// Puts the ticks where they belong, and says how many there are and where.
function show() {
  if (!bar()) return;
  const picked = read();
  const here = ticks();
  for (const tick of here) tick.checked = picked.has(tick.value);
  const ticked = here.filter((tick) => tick.checked);
  all().hidden = here.length === 0;
  all().checked = here.length > 0 && ticked.length === here.length;
  all().indeterminate = ticked.length > 0 && ticked.length < here.length;
  bar().hidden = picked.size === 0;
  bar().querySelector("[data-unpick]").hidden = false;
  bar().querySelector("[data-picked-words]").textContent = words(picked, ticked);
}

// "2 replicas selected, 1 on other pages"; of VMs that share a replica "3 VMs of 2 replicas selected".
function words(picked, ticked) {
  const here = replicasOf(ticked).size;
  const elsewhere = picked.size - here;
  const isShared = here < ticked.length;
  const what = isShared ? `${count(ticked.length, bar().dataset.row)} of ${count(here, "replica")}` : count(picked.size, "replica");
  const more = isShared ? count(elsewhere, "more replica") : elsewhere.toLocaleString("en");
  return `${what} selected` + (elsewhere ? `, ${more} on other pages` : "");
}

function count(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

function pick(inputs, isPicked) {
  const [picked, meant] = [read(), replicasOf(inputs)];
  for (const replica of meant) {
    if (isPicked) picked.add(replica);
    else picked.delete(replica);
  }
  keep(picked);
  const takesAlong = ticks().some((tick) => meant.has(tick.value) && !inputs.includes(tick));
  if (takesAlong) announce(bar().querySelector("[data-picked-words]").textContent);
}

let last = null; // the tick that was clicked last: with Shift, a click takes along what lies between

document.addEventListener("click", (event) => {
  const tick = event.target.closest("#list .tick input");
  if (tick?.hasAttribute("data-pick-all")) pick(ticks(), tick.checked);
  else if (tick) {
    const [from, to] = [ticks().indexOf(last), ticks().indexOf(tick)].sort((a, b) => a - b);
    pick(event.shiftKey && from >= 0 ? ticks().slice(from, to + 1) : [tick], tick.checked);
    last = tick;
  }
  if (event.target.closest("[data-unpick]")) {
    keep(new Set());
    announce("Nothing is selected any more.");
    (all() ?? document.body).focus();
  }
});

// All ids go as one field: a form has a thousand fields at most. The boxes of this page are among them already.
document.addEventListener("formdata", (event) => {
  if (event.target === bar()) event.formData.set("id", [...read()].join());
});

// A selection that was sent to be rescanned is done with.
document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-uses-selection]")) sessionStorage.removeItem(`picked-${event.target.dataset.usesSelection}`);
});

document.addEventListener("htmx:afterSwap", show);
window.addEventListener("pageshow", show);
show();
