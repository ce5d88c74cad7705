"""Functions for the clock to call."""

counted: list[int] = []


def count() -> None:
    counted.append(1)


def fail() -> None:
    raise RuntimeError("the first line\nthe second")
