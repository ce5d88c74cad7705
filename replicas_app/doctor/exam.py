"""The connection test: one question after the other, each answered with its proof or with the exact fault and its fix.

It reads a server's row and asks the server; it changes nothing there and starts no rescan.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from replicas_app.doctor import measures, reach, rights, words
from replicas_app.doctor.examination import Examination
from replicas_app.doctor.report import NOT_REACHED, OPEN, PASSED, WARNED, Report, Step
from replicas_app.models import BackupServer
from replicas_app.vbr import VbrError

LONGEST_SECONDS = 60.0
"""After this the questions that are left are not asked any more."""
WRONG_PORT = ("not_tls", "port")


@dataclass(frozen=True)
class Question:
    key: str
    title: str
    ask: Callable[[Examination], Step]
    is_gate: bool = False
    """Whether the questions behind it can be asked only where it was answered well."""
    needs: str = ""
    """The key of another one without whose good answer it makes no sense."""
    is_known: Callable[[Examination], bool] = lambda exam: False
    """Whether the answer is there already, so that it is given although nothing can be asked any more."""


def examine(
    server: BackupServer, tell: Callable[[Report], None] = lambda report: None, *, by_hand: bool = True
) -> Report:
    """Ask everything, within about a minute. Faults of the server are findings, never exceptions.

    `tell` hears of the report as it stands after each question; those that come are in it as open. `by_hand`: a person
    asked for it, so it may sign in, even while the server is left alone after refused logins.
    """
    started = time.monotonic()
    with Examination(server, by_hand=by_hand) as exam:
        report = Report(server.base_url, [Step(OPEN).titled(one.key, _title(one, exam)) for one in QUESTIONS])
        tell(report)
        for place, step in enumerate(_steps(exam, started + LONGEST_SECONDS)):
            report.steps[place] = step
            report.seconds = time.monotonic() - started
            report.certificate = words.facts_of(exam.certificate)
            tell(report)
    return report


def _steps(exam: Examination, deadline: float) -> Iterator[Step]:
    is_open, answered = True, {""}
    for question in QUESTIONS:
        if is_open and time.monotonic() < deadline and question.needs in answered:
            step = _ask(question, exam)
            if step.status in (PASSED, WARNED):
                answered.add(question.key)
            elif question.is_gate:
                is_open = False
        else:
            step = question.ask(exam) if question.is_known(exam) else Step(OPEN, NOT_REACHED)
        yield step.titled(question.key, _title(question, exam))


def _title(question: Question, exam: Examination) -> str:
    return question.title.format(server=exam.server, address=exam.address)


def _ask(question: Question, exam: Examination) -> Step:
    try:
        return question.ask(exam)
    except VbrError as error:
        if error.cause == "no_token":
            return words.no_token()
        if error.cause == "licence":
            exam.licence_refusal = error
        hint = words.port_hint(exam.address, exam.doors) if error.cause in WRONG_PORT else ""
        return words.failure(error, hint)


QUESTIONS = (
    Question("name", "Name resolves", reach.name, is_gate=True),
    Question("port", "Port {address.port} is open", reach.port, is_gate=True),
    Question("certificate", "Certificate", reach.certificate, is_gate=True),
    Question("rest", "REST API answers", reach.answers, is_gate=True),
    Question("revision", "API revision", reach.revision, is_gate=True),
    Question("login", "Signs in as {server.username}", reach.login, is_gate=True),
    Question("replicas", "Reads replicas", rights.reads_replicas),
    Question("points", "Reads restore points", rights.reads_points),
    Question("sessions", "Reads sessions", rights.reads_sessions),
    Question("rescan", "Starts rescans", rights.may_rescan),
    Question("server_info", "Reads the server's facts", rights.reads_server_info),
    Question("clock", "Clocks agree", measures.clock, is_known=lambda exam: exam.skew_seconds is not None),
    Question("page", "Largest page", measures.largest_page, needs="points"),
    Question("pace", "Time per 1,000 restore points", measures.pace, needs="points"),
    Question("licence", "Licence and edition", rights.licence, is_known=lambda exam: exam.licence_refusal is not None),
)
