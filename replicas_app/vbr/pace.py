"""How many rows to ask a server for at once: as many as it grants and as come in a few seconds.

The documents name no largest page. A large one spares requests, a small one shows something soon and cannot time out,
and a listing that is always cut at the same places lets whoever reads it again know a page by its digest. So the sizes
are a short ladder, a listing begins with a small page, and only what the server does leads up or down.
"""

from replicas_app.vbr.errors import Rejected, Unavailable, VbrError

STEPS = (200, 1_000, 2_000, 5_000, 10_000)
"""200 is the documented default of every server: what refuses that has another reason."""
FIRST = 1_000
"""The first page of a listing: something is seen soon, and what the server can do is measured."""
AIM_SECONDS = 5.0
"""Pages grow to the largest step that would come within this time at the pace of the last page …"""
SLOW_SECONDS = 15.0
"""… and shrink by a step after one that took longer than this."""


class Pace:
    """The sizes of the pages of one server. One object may go from listing to listing, but not between threads."""

    def __init__(self, largest: int | None = None) -> None:
        """`largest`: what `granted` was after an earlier read; None: nothing is known."""
        self.granted = largest
        """The most rows that the server gave where it refused or cut a larger page; None: it did neither."""
        self._most = largest or STEPS[-1]
        self._was_refused = False
        self._cut_to: int | None = None

    @property
    def first(self) -> int:
        """What to ask for at the beginning of a listing."""
        return min(FIRST, self._most)

    @property
    def largest(self) -> int:
        """What to ask for at once where a listing is read in one go or not at all."""
        return self._most

    def smaller(self, asked: int, error: VbrError) -> int:
        """What to ask for after a page of `asked` brought this error. Raises it where that would not help.

        A page that timed out was too large for now: that is not kept in `granted`.
        """
        if not _may_be_for_its_size(error) or asked <= STEPS[0]:
            raise error
        self._was_refused |= isinstance(error, Rejected)
        self._most = _step_below(asked)
        return self._most

    def following(self, asked: int, received: int, seconds: float, *, is_cut: bool) -> int:
        """What to ask for next. `is_cut`: fewer rows came than were asked for, and there are more.

        Rows may be missing by chance: a server has a limit where it cuts two pages in a row to the same length.
        """
        if self._was_refused:
            self._was_refused, self.granted = False, asked
        if is_cut and received == self._cut_to:
            self.granted = self._most = received
        self._cut_to = received if is_cut else None
        return min(_step_for(asked, received, seconds), self._most)


def _may_be_for_its_size(error: VbrError) -> bool:
    """A refusal of the request as such, or no answer in time (504: in the time of a proxy on the way)."""
    if isinstance(error, Rejected):
        return error.status == 400
    return isinstance(error, Unavailable) and (error.cause == "timeout" or error.status == 504)


def _step_for(asked: int, received: int, seconds: float) -> int:
    if seconds > SLOW_SECONDS:
        return max(_step_below(asked), FIRST)
    rows_in_time = AIM_SECONDS * received / max(seconds, 0.001)
    return max(asked, *(step for step in STEPS if step <= max(rows_in_time, FIRST)))


def _step_below(size: int) -> int:
    return max((step for step in STEPS if step < size), default=size)
