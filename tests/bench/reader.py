"""A process that syncs, as its parent sees it."""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Self

PROJECT = Path(__file__).parents[2]


class Reader:
    """Runs `tests.bench.reading` as long as it is entered. Between two syncs it holds no connection to the database."""

    def __enter__(self) -> Self:
        self._said = TemporaryFile()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.reading"],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._said.close()

    def read(self, server_id: int, *, full: str = "") -> dict[str, Any]:
        """Sync once: `seconds`, `counts`, and in megabytes `now` and `peak`, the memory. `full`: why all is read."""
        self._process.stdin.write(json.dumps([server_id, full]) + "\n")
        self._process.stdin.flush()
        if not (line := self._process.stdout.readline()):
            self._said.seek(0)
            raise SystemExit(self._said.read().decode())
        return json.loads(line)
