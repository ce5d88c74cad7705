"""After a power cut a small file may be empty or half: the next start does not stumble over what it can do without."""

import pytest

from dashboard import running
from dashboard.stack.leftovers import Register


@pytest.mark.parametrize("torn", ["", '{"web": [12', "null", '{"web": 5}', '{"web": ["x", 1.0]}', "\x00" * 40])
def test_a_torn_note_of_the_processes_of_the_last_run_names_none(tmp_path, torn):
    note = tmp_path / "processes.json"
    note.write_text(torn)
    said = []

    Register(note).end_all_of_the_last_run(said.append)

    assert (said, note.exists()) == ([], False)


@pytest.mark.parametrize("torn", ["", '{"DATABASE_URL": "post', "null", "[]", "\x00" * 40])
def test_a_torn_note_of_what_runs_says_that_nothing_does(tmp_path, torn):
    nothing_runs = running.told(tmp_path)
    (tmp_path / "running.json").write_text(torn)

    assert running.told(tmp_path) == nothing_runs
