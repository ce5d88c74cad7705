"""The documented words of open enums.

Revisions spell the same word in other letters (PascalCase, camelCase, lower case), and what is compared further on must
not depend on that: a documented word comes out as the documents have it, any other text as it came.
"""


class Words(dict[str, str]):
    """`STATES["readytoswitch"]` is `ReadyToSwitch`, `STATES["HyperVReplica"]` is `HyperVReplica`."""

    def __init__(self, *documented: str) -> None:
        super().__init__({word: word for word in documented})
        self._folded = {word.casefold(): word for word in documented}

    def __missing__(self, text: str) -> str:
        return self._folded.get(text.casefold(), text)


TYPES = Words("Regular", "Snapshot", "CDP")
STATES = Words(
    "", "Ready", "Processing", "SureBackup", "Failover", "FailedFailover", "PermanentFailover", "Failback",
    "ReadyToSwitch",
)  # fmt: skip
MALWARE_STATUSES = Words("", "Clean", "Suspicious", "Infected", "Informative")
