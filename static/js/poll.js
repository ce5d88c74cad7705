// Parts of a page that ask for themselves anew: data-poll="2" (seconds) beside hx-get and hx-trigger="poll".
// A part that needs it no longer comes back without data-poll. After an error it asks later and later and in the end
// gives up; a hidden page asks rarely; and while somebody selects text in a part, it is left alone.
"use strict";

(() => {
  const LONGEST_WAIT = 60, WAIT_WHEN_HIDDEN = 30, FAILURES_UNTIL_GIVEN_UP = 8;
  const GONE = [401, 403, 404, 410];
  const since = new WeakMap(); // part → when it came, or asked last
  const asking = new WeakSet();
  let failures = 0;
  let timer;

  const parts = () => [...document.querySelectorAll("[data-poll]")];

  function plan() {
    clearTimeout(timer);
    const waiting = parts().filter((part) => !asking.has(part));
    if (!waiting.length || failures >= FAILURES_UNTIL_GIVEN_UP) return;
    timer = setTimeout(ask, Math.min(...waiting.map(due)) - performance.now());
  }

  function due(part) {
    if (!since.has(part)) since.set(part, performance.now());
    const seconds = Number(part.dataset.poll);
    const wait = Math.max(seconds, Math.min(LONGEST_WAIT, seconds * 2 ** failures));
    return since.get(part) + 1000 * (document.hidden ? Math.max(wait, WAIT_WHEN_HIDDEN) : wait);
  }

  function ask() {
    const now = performance.now();
    for (const part of parts().filter((part) => !asking.has(part) && due(part) <= now)) {
      since.set(part, now);
      if (!isBeingSelected(part)) htmx.trigger(part, "poll");
    }
    plan();
  }

  function isBeingSelected(part) {
    const selection = document.getSelection();
    return !selection.isCollapsed && part.contains(selection.anchorNode);
  }

  const isPoll = (event) => event.detail.requestConfig?.triggeringEvent?.type === "poll";

  document.addEventListener("htmx:beforeSend", (event) => {
    if (isPoll(event)) asking.add(event.detail.requestConfig.elt);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (!isPoll(event)) return;
    const part = event.detail.requestConfig.elt;
    asking.delete(part);
    since.set(part, performance.now());
    failures = event.detail.successful ? 0 : failures + 1;
    if (GONE.includes(event.detail.xhr.status)) failures = FAILURES_UNTIL_GIVEN_UP;
    plan();
  });
  document.addEventListener("htmx:afterSettle", plan);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) failures = 0;
    plan();
  });
  plan();
})();
