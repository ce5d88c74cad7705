"""Talking to one server: its API revision, its token, and what its answers mean. Knows no single call."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import orjson

from replicas_app.vbr.answers import Answer
from replicas_app.vbr.deadlines import Call
from replicas_app.vbr.errors import Denied, Malformed, Unavailable, Unclear, VbrError
from replicas_app.vbr.keyring import Keyring, Token
from replicas_app.vbr.login import Login
from replicas_app.vbr.retries import Retries
from replicas_app.vbr.revisions import Choice, revisions_in
from replicas_app.vbr.transport import Request, Transport
from replicas_app.vbr.verdicts import error_of, login_error_of

T = TypeVar("T")
Query = Sequence[tuple[str, str]]
Judge = Callable[[Answer], VbrError | None]

TOKEN_PATH = "/api/oauth2/token"  # noqa: S105
LOGOUT_PATH = "/api/oauth2/logout"
SERVER_TIME_PATH = "/api/v1/serverTime"
REVISIONS_PATH = "/swagger/index.js"
LOGIN_SECONDS = 60
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_JSON = {"Content-Type": "application/json"}


class Connection:
    """Sends what `Client` asks for. An empty `api_version` is negotiated before the first call."""

    def __init__(
        self, transport: Transport, username: str, password: str, keyring: Keyring, api_version: str, retries: Retries
    ) -> None:
        self._transport = transport
        self._login = Login(username, password, keyring, self._ask_for_token)
        self._revision = Choice(api_version)
        self._retries = retries

    @property
    def api_version(self) -> str:
        """The revision that calls carry; empty before it was negotiated."""
        return self._revision.current if self._revision.is_settled else ""

    def close(self) -> None:
        self._transport.close()

    def get(self, path: str, query: Query = ()) -> Any:
        """The data of the answer. Repeated after passing faults, and once with a new token."""
        return self.get_answer(path, query).json()

    def get_answer(self, path: str, query: Query = (), *, unless: str = "") -> Answer:
        """The same as it came. An error with the cause `unless` is raised at once, not repeated."""
        return self._signed(
            lambda token: self._repeated(Request("GET", path, query, self._headers(token)), unless=unless)
        )

    def post(self, path: str, data: Any = None) -> Answer:
        """The answer. Sent once (again only after a 401); raises Unclear where it may have been done."""
        body = orjson.dumps(data) if data is not None else b""
        return self._signed(
            lambda token: self._once(Request("POST", path, headers=self._headers(token) | _JSON, body=body))
        )

    def server_time(self) -> Answer:
        """The answer of the one call that needs no token."""
        self.negotiate()
        return self._repeated(Request("GET", SERVER_TIME_PATH, headers=self._headers()), judge=_judge_probe)

    def sign_in(self) -> None:
        """By the password, even where there is a token: to see whether it is right."""
        self.negotiate()
        self._login.sign_in()

    def sign_out(self) -> None:
        """Forgets the token, and ends it on the server. Raises VbrError when that does not work."""
        token = self._login.forget()
        if token is not None and self._revision.is_settled:
            self._once(Request("POST", LOGOUT_PATH, headers=self._headers(token.access), body=b""))

    # Revisions

    def offered_versions(self) -> tuple[str, ...]:
        """What the server's own list names, known to us or not; empty where it has none or does not show it.

        Raises VbrError when the server cannot be reached.
        """
        answer = self._send(Request("GET", REVISIONS_PATH, headers=self._headers()), self._transport.call())
        if answer.status != 200 or answer.is_html:
            return ()
        return revisions_in(answer.body.decode("utf-8", errors="replace"))

    def negotiate(self) -> str:
        """The newest revision that we know and the server offers; where one was given, that one, unasked.

        Raises Denied("version") where there is none.
        """
        if not self._revision.is_settled:
            self._revision.narrow(self.offered_versions())
            self._stepping_down(self._probe_revision)
            self._revision.is_settled = True
        return self.api_version

    def _probe_revision(self) -> None:
        self._repeated(Request("GET", SERVER_TIME_PATH, headers=self._headers()), judge=_judge_probe)

    def _stepping_down(self, send: Callable[[], T]) -> T:
        """What `send` gives in the newest revision that the server does not refuse."""
        while True:
            try:
                return send()
            except Denied as error:
                if error.cause != "version" or self._revision.is_given:
                    raise
                self._revision.step_down(error)

    # Tokens

    def _signed(self, send: Callable[[str], T]) -> T:
        self.negotiate()
        token = self._login.access()
        try:
            return send(token)
        except Denied as error:
            if error.cause != "token":
                raise
        return send(self._login.access(refused=token))

    def _ask_for_token(self, form: Mapping[str, str]) -> Token:
        """One POST to the token address (one for each revision that is refused)."""
        body = urlencode(form, encoding="utf-8", errors="replace", quote_via=quote).encode("ascii")
        asked_at = datetime.now(UTC)
        answer = self._stepping_down(lambda: self._post_form(body))
        try:
            return Token.from_answer(answer.object(), asked_at)
        except ValueError as error:
            raise Malformed("answer", str(error), status=answer.status) from None

    def _post_form(self, body: bytes) -> Answer:
        request = Request("POST", TOKEN_PATH, headers=self._headers() | _FORM, body=body)
        return self._judged(request, self._transport.call(LOGIN_SECONDS), login_error_of)

    # Sending

    def _headers(self, token: str = "") -> dict[str, str]:
        version = {"x-api-version": self._revision.current}
        return version | {"Authorization": f"Bearer {token}"} if token else version

    def _repeated(self, request: Request, judge: Judge = error_of, *, unless: str = "") -> Answer:
        call = self._transport.call()
        return self._retries.run(lambda: self._judged(request, call, judge, readable=True), call, unless=unless)

    def _once(self, request: Request) -> Answer:
        """On a fresh connection: one that the server is about to close would leave the outcome unclear."""
        self._transport.close()
        try:
            return self._judged(request, self._transport.call(), error_of)
        except VbrError as error:
            if not _may_be_done(error):
                raise
            raise Unclear(error.cause, error.detail, status=error.status) from error

    def _judged(self, request: Request, call: Call, judge: Judge, *, readable: bool = False) -> Answer:
        """A good answer; with `readable`, one whose JSON can be read. Raises what `judge` finds."""
        answer = self._send(request, call)
        if error := judge(answer):
            raise self._with_versions(error) if error.cause == "version" else error
        if readable:
            answer.json()
        return answer

    def _send(self, request: Request, call: Call) -> Answer:
        return self._transport.send(request, call, secrets=self._login.secrets)

    def _with_versions(self, error: VbrError) -> VbrError:
        """Says what was tried and what there is, so that a person can choose."""
        tried = self._revision.current
        named = tuple(revision for revision in error.offered if revision != tried)
        error.tried = (tried,)
        error.offered = named or (self._offered_quietly() if self._revision.is_given else ())
        return error

    def _offered_quietly(self) -> tuple[str, ...]:
        try:
            return self.offered_versions()
        except VbrError:
            return ()


def _judge_probe(answer: Answer) -> VbrError | None:
    """Whoever answers this call without the time is no backup server. Damaged JSON is left to the reader."""
    if error := error_of(answer, probe=True):
        return error
    if "serverTime" in answer.fields or (answer.body.lstrip()[:1] == b"{" and not answer.is_json):
        return None
    return Denied("port", "its answer is not the one of a backup server", status=answer.status)


def _may_be_done(error: VbrError) -> bool:
    """Whether a POST that ended so may have been done: no answer, a fault of theirs, or one that is not theirs."""
    if not error.sent or error.status == 429:
        return False
    return isinstance(error, Unavailable | Malformed) or error.cause in ("between", "port")
