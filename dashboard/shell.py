"""What `manage.py` does around a command: what the operator has to mend is one sentence, not a traceback."""

import os
import sys
from typing import NoReturn

from django.conf import settings
from django.core.management import execute_from_command_line
from django.db import OperationalError, connection
from kombu.exceptions import OperationalError as BrokerError

from dashboard import environment
from dashboard.environment import Misconfigured

WRONG_ARGUMENTS = 2
"""Python's own status for them; ours are 0 and 1."""
STACK_IS_DOWN = "Nothing runs on {data}: start it with `make run`, or set {variable}."


def run(arguments: list[str]) -> None:
    """Carry out one command.

    Raises:
        SystemExit: 1 with a sentence on standard error where the configuration is wrong, nothing answers or what was
            typed means nothing; 1 in silence where nobody reads on, as after `| head`.
    """
    try:
        execute_from_command_line(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        _say_no_more()
    except SystemExit as end:
        sys.exit(1 if end.code == WRONG_ARGUMENTS else end.code)
    except Misconfigured as problem:
        sys.exit(str(problem))
    except OperationalError as problem:
        if _database_answers():
            raise
        sys.exit(_silent("DATABASE_URL", "The database", problem))
    except BrokerError as problem:
        sys.exit(_silent("CELERY_BROKER_URL", "The broker", problem))


def _say_no_more() -> NoReturn:
    """End without what Python would still write, and complain that it cannot."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(1)


def _database_answers() -> bool:
    connection.close()
    try:
        connection.ensure_connection()
    except OperationalError:
        return False
    return True


def _silent(variable: str, who: str, problem: Exception) -> str:
    if not environment.text(variable):
        return STACK_IS_DOWN.format(data=settings.DATA_DIR, variable=variable)
    return f"{who} in {variable} does not answer: {(str(problem).splitlines() or [''])[0]}"
