"""Commands end with 0 or with 1, whatever was typed."""

import pytest

from dashboard import shell


@pytest.mark.parametrize(
    "typed", ["sync --nonsense", "add_server", "rescan --replica", "load_inventory --servers x", "nonsense"]
)
def test_what_means_nothing_ends_with_1_and_a_word_on_standard_error(typed, capsys):
    with pytest.raises(SystemExit) as end:
        shell.run(["manage.py", *typed.split()])

    said = capsys.readouterr()
    assert (end.value.code, said.out) == (1, "")
    assert said.err


def test_help_ends_with_0(capsys):
    with pytest.raises(SystemExit) as end:
        shell.run(["manage.py", "sync", "--help"])

    assert (end.value.code, capsys.readouterr().err) == (0, "")
