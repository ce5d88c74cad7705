"""A keyring that writes down what it is told."""

from replicas_app.vbr import Denied, MemoryKeyring, VbrError


class CountingKeyring(MemoryKeyring):
    def __init__(self) -> None:
        super().__init__()
        self.refused: list[VbrError] = []
        self.succeeded = 0
        self.forbids: Denied | None = None

    def before_sign_in(self) -> None:
        if self.forbids:
            raise self.forbids

    def sign_in_refused(self, error: VbrError) -> None:
        self.refused.append(error)

    def sign_in_succeeded(self) -> None:
        self.succeeded += 1
