"""The connection test: one question after the other, each answered with its proof or with the exact fault and its fix.

It reads a server's row and asks the server; it changes nothing there and starts no rescan. It may sign in although the
server is left alone after refused logins: a person asked for it.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from replicas_app.choices import TrustMode
from replicas_app.connections import connect
from replicas_app.doctor import network, words
from replicas_app.doctor.report import FAILED, NOT_REACHED, OPEN, PASSED, WARNED, Report, Step
from replicas_app.models import BackupServer
from replicas_app.vbr import Certificate, Client, Deadlines, VbrError, fetch_certificate, parse_address

LONGEST_SECONDS = 60.0
"""After this the questions that are left are not asked any more."""
DEADLINES = Deadlines(connect=8, read=15, total=25)
WRONG_PORT = ("not_tls", "port")


@dataclass(frozen=True)
class Question:
    key: str
    title: str
    ask: Callable[["Examination"], Step]
    is_gate: bool = False
    """Whether the questions behind it cannot be asked once it failed."""


def examine(server: BackupServer, tell: Callable[[Report], None] = lambda report: None) -> Report:
    """Ask everything, within about a minute. Faults of the server are findings, never exceptions.

    `tell` hears of the report as it stands after each question; those that come are in it as open.
    """
    started = time.monotonic()
    with Examination(server) as examination:
        report = Report(server.base_url, [examination.waiting(question) for question in QUESTIONS])
        tell(report)
        for place, step in enumerate(examination.steps(started + LONGEST_SECONDS)):
            report.steps[place] = step
            report.seconds = time.monotonic() - started
            report.certificate = words.facts_of(examination.certificate)
            tell(report)
    return report


class Examination:
    """One test of one server: what has been learned so far, for the questions that build on it."""

    def __init__(self, server: BackupServer) -> None:
        self.server = server
        self.address = parse_address(server.base_url)
        self.certificate: Certificate | None = None
        self.skew_seconds: float | None = None
        self._open = ExitStack()

    def __enter__(self) -> "Examination":
        return self

    def __exit__(self, *exception: object) -> None:
        self._open.close()

    @cached_property
    def client(self) -> Client:
        """Raises Denied("secret") where the stored password cannot be opened."""
        return self._open.enter_context(connect(self.server, by_hand=True, deadlines=DEADLINES))

    @cached_property
    def greeting(self) -> VbrError | None:
        """What went wrong with the first call of all; None when the server answered it."""
        try:
            self.skew_seconds = self.client.server_time().skew_seconds
        except VbrError as error:
            return error
        return None

    def waiting(self, question: Question) -> Step:
        return Step(OPEN).titled(question.key, self._title(question))

    def steps(self, deadline: float) -> Iterator[Step]:
        is_open = True
        for question in QUESTIONS:
            if is_open and time.monotonic() < deadline:
                step = self._ask(question)
                is_open = not (question.is_gate and step.status == FAILED)
            else:
                step = self._not_reached(question)
            yield step.titled(question.key, self._title(question))

    def _title(self, question: Question) -> str:
        return question.title.format(server=self.server, address=self.address)

    def _ask(self, question: Question) -> Step:
        try:
            return question.ask(self)
        except VbrError as error:
            hint = words.port_hint(self.address) if error.cause in WRONG_PORT else ""
            return words.failure(error, hint)

    def _not_reached(self, question: Question) -> Step:
        """The clock was told at the first call of all, so it is known although the login failed."""
        knows_clock = question.ask is clock and self.skew_seconds is not None
        return clock(self) if knows_clock else Step(OPEN, NOT_REACHED)


def name(exam: Examination) -> Step:
    if network.is_number(exam.address.host):
        return Step(PASSED, f"{exam.address.host} is an address, no name")
    found = network.resolve(exam.address.host, exam.address.port)
    return words.network_failure(found) if isinstance(found, network.Fault) else Step(PASSED, ", ".join(found[:4]))


def port(exam: Examination) -> Step:
    taken = network.open_port(exam.address.host, exam.address.port)
    if isinstance(taken, network.Fault):
        return words.network_failure(taken, words.port_hint(exam.address))
    return Step(PASSED, f"{taken * 1000:.0f} ms")


def certificate(exam: Examination) -> Step:
    if exam.address.scheme == "http":
        return Step(WARNED, "none", "Nothing is encrypted: plain HTTP is taken on this machine's own addresses only.")
    exam.certificate = fetch_certificate(exam.address.host, exam.address.port, seconds=DEADLINES.connect)
    if exam.server.is_unconfirmed:
        return words.unconfirmed(exam.certificate)
    if exam.server.trust == TrustMode.PIN and exam.certificate.sha256 != exam.server.pinned_sha256:
        return words.changed(exam.server, exam.certificate)
    if (error := exam.greeting) and error.cause.startswith("tls_"):
        return words.failure(error)
    return words.trusted(exam.server, exam.certificate, datetime.now(UTC))


def answers(exam: Examination) -> Step:
    """Whether this is the REST API at all. Needs no login, and tells the server's clock."""
    if exam.greeting and exam.greeting.cause != "version":
        raise exam.greeting
    return Step(PASSED)


def revision(exam: Examination) -> Step:
    offered = exam.client.offered_versions()
    chosen = exam.client.negotiate()
    if offered and chosen not in offered:
        return words.revision_not_offered(chosen, offered)
    if exam.greeting:
        raise exam.greeting
    if offered:
        return Step(PASSED, f"{chosen}, the server offers {len(offered)}")
    return Step(PASSED, f"{chosen}, the server names none")


def login(exam: Examination) -> Step:
    exam.client.sign_in()
    return Step(PASSED, f"signed in, {exam.client.api_version}")


def reads_replicas(exam: Examination) -> Step:
    return words.total(next(iter(exam.client.replicas(page_size=1))).total, "replica")


def reads_points(exam: Examination) -> Step:
    """Servers before 12.3.1 have no list of all points: then they are read replica by replica."""
    try:
        return words.total(next(iter(exam.client.points(page_size=1))).total, "restore point")
    except VbrError as error:
        if error.cause != "gone":
            raise
        return Step(PASSED, "no list of all points: read replica by replica")


def reads_sessions(exam: Examination) -> Step:
    recently = datetime.now(UTC) - timedelta(hours=1)
    next(iter(exam.client.sessions(page_size=1, created_after=recently)))
    return Step(PASSED, "may follow rescans")


def reads_server_info(exam: Examination) -> Step:
    try:
        return Step(PASSED, f"build {exam.client.server_info().build_version}")
    except VbrError as error:
        if error.cause != "role":
            raise
        return words.no_server_info()


def may_rescan(exam: Examination) -> Step:
    return words.rescan_not_tried()


def clock(exam: Examination) -> Step:
    return words.skew(exam.skew_seconds)


QUESTIONS = (
    Question("name", "Name resolves", name, is_gate=True),
    Question("port", "Port {address.port} is open", port, is_gate=True),
    Question("certificate", "Certificate", certificate, is_gate=True),
    Question("rest", "REST API answers", answers, is_gate=True),
    Question("revision", "API revision", revision, is_gate=True),
    Question("login", "Signs in as {server.username}", login, is_gate=True),
    Question("replicas", "Reads replicas", reads_replicas),
    Question("points", "Reads restore points", reads_points),
    Question("sessions", "Reads sessions", reads_sessions),
    Question("server_info", "Reads the server's facts", reads_server_info),
    Question("rescan", "Starts rescans", may_rescan),
    Question("clock", "Clocks agree", clock),
)
