"""How the stack says no."""


class CannotStart(Exception):
    """The stack cannot come up; the text is one sentence that says what to do."""
