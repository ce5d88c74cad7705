// Parts of a page that ask for themselves anew: data-poll="2" (seconds) beside hx-get and hx-trigger="poll".
// A part that needs it no longer comes back without data-poll. After an error it asks later and later and in the end
// gives up; a hidden page asks rarely; and while somebody selects text in a part, it is left alone.
"use strict";

(() => {
  const LONGEST_WAIT = 60, WAIT_WHEN_HIDDEN = 30, FAILURES_UNTIL_GIVEN_UP = 8;
  const GONE = [401, 403, 404, 410];
  let failures = 0;
  let timer;

  const parts = () => [...document.querySelectorAll("[data-poll]")];

  function plan() {
    clearTimeout(timer);
    if (!parts().length || failures >= FAILURES_UNTIL_GIVEN_UP) return;
    const seconds = Math.min(...parts().map((part) => Number(part.dataset.poll)));
    const wait = Math.min(LONGEST_WAIT, seconds * 2 ** failures);
    timer = setTimeout(ask, 1000 * (document.hidden ? Math.max(wait, WAIT_WHEN_HIDDEN) : wait));
  }

  function ask() {
    const free = parts().filter((part) => !isBeingSelected(part));
    for (const part of free) htmx.trigger(part, "poll");
    if (!free.length) plan();
  }

  function isBeingSelected(part) {
    const selection = document.getSelection();
    return !selection.isCollapsed && part.contains(selection.anchorNode);
  }

  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.requestConfig?.triggeringEvent?.type !== "poll") return;
    failures = event.detail.successful ? 0 : failures + 1;
    if (GONE.includes(event.detail.xhr.status)) failures = FAILURES_UNTIL_GIVEN_UP;
    plan();
  });
  document.addEventListener("htmx:afterSettle", plan);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return plan();
    failures = 0;
    ask();
  });
  plan();
})();
