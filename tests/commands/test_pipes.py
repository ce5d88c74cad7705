"""What a command writes goes on to another one, which may have had enough of it."""

import os
import subprocess
import sys

from tests.conftest import PROJECT


def test_a_command_of_which_nobody_reads_on_ends_without_a_word_of_python():
    reader, writer = os.pipe()
    os.close(reader)

    ended = subprocess.run(
        [sys.executable, "manage.py", "help"],
        cwd=PROJECT,
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)

    assert (ended.returncode, ended.stderr) == (1, "")
