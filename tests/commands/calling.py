"""Commands as a person calls them at the shell."""

from io import StringIO

from django.core.management import CommandError, call_command

PASSWORD = "p&a=s+s%20 wörd\"'\\;"
"""Of the simulated server; the variable VBR_PW has it, too."""


def run(*arguments: str, status: int = 0) -> tuple[str, str]:
    """(stdout, stderr) of the command, which has to end with this status."""
    out, err = StringIO(), StringIO()
    try:
        call_command(*arguments, stdout=out, stderr=err)
        ended = 0
    except CommandError as error:
        ended = error.returncode
        err.write(str(error))
    except SystemExit as ending:
        ended = ending.code
    assert ended == status, out.getvalue() + err.getvalue()
    assert PASSWORD not in out.getvalue() + err.getvalue()
    return out.getvalue(), err.getvalue()


def add(url: str, *options: str, status: int = 0, username: str = "CORP\\svc") -> tuple[str, str]:
    return run("add_server", "lab", url, "--username", username, "--password-env", "VBR_PW", *options, status=status)
