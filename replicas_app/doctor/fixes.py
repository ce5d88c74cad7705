"""What mends the fault that a sync or a test wrote down, by its cause."""

from replicas_app.vbr.causes import explain

_OF_OURS = {
    "drop": "Look on the backup server whether the others are really gone: a restored configuration, or a role that "
    "was taken away, hides them too. What we hold stays until the list is whole again.",
    "short": "Nothing needs to be done: the next read asks again. If it stays so, jobs change faster than the list is "
    "read; read less often, or at a quieter hour.",
    "aside": "The read's own page names each record and what is wrong with it. All others are up to date.",
    "ours": "The worker's log says what happened; please report it. The next read begins anew.",
}


def fix(cause: str) -> str:
    """What a person can do about it; empty where nothing is wrong."""
    return _OF_OURS.get(cause) or (explain(cause).fix if cause else "")
