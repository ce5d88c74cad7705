"""From a request to its answer: version, path, method, login, role, operation; every refusal an `Error` body."""

import logging
import re

import orjson

from .accounts import Right, User
from .backend import Backend
from .errors import ApiError, forbidden, signed_out
from .exchange import Answer, Request, encoded
from .operations import OPERATIONS, Call, Operation
from .revisions import REVISIONS, Revision, revision

logger = logging.getLogger(__name__)

SWAGGER = "/swagger/index.js"
BULK_POINTS = re.compile("/api/v1/replicaPoints(/|$)")

_ROUTES = [(re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", one.path) + "$", re.IGNORECASE), one) for one in OPERATIONS]


class Api:
    """The API of one backend."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def answer(self, request: Request, address: str) -> Answer:
        """`address` is the request's own, for messages. Never raises: what goes wrong inside is a 500, logged."""
        if request.path == SWAGGER and self._backend.manners.swagger and request.method == "GET":
            return _swagger(self._backend.manners.versions)
        asked: Revision | None = None
        try:
            self._backend.rescans.settle()
            asked = self._revision(request, address)
            return self._run(request, asked)
        except ApiError as error:
            return self._refusal(error, asked or self._backend.newest())
        except Exception:
            logger.exception("The simulator failed on %s %s", request.method, request.path)
            return self._refusal(
                ApiError(500, "UnknownError", "An internal error has occurred."), self._backend.newest()
            )

    def _run(self, request: Request, asked: Revision) -> Answer:
        operation, ids = self._operation(request)
        token = request.headers.get("authorization", "")
        token = token[7:].strip() if token.lower().startswith("bearer ") else ""
        user = self._user(token, operation.right)
        return operation.run(Call(request, self._backend, asked, user, token, ids))

    def _operation(self, request: Request) -> tuple[Operation, dict[str, str]]:
        found = [(one, match.groupdict()) for route, one in _ROUTES if (match := route.match(request.path))]
        if BULK_POINTS.match(request.path) and not self._backend.manners.bulk_points:
            found = []
        if not found:
            raise ApiError(404, "NotFound", f"The resource '{request.path}' was not found.")
        for one, ids in found:
            if one.method == request.method:
                return one, ids
        allowed = ", ".join(sorted({one.method for one, _ in found}))
        message = f"The method {request.method} is not allowed here."
        raise ApiError(405, "MethodNotAllowed", message, headers={"Allow": allowed})

    def _user(self, token: str, right: Right) -> User | None:
        if right is Right.NOTHING:
            return None
        if not token:
            raise signed_out("AccessDenied", "Authorization has been denied for this request.")
        user = self._backend.accounts.user_of(token, self._backend.clock.now())
        if not user.may(right):
            raise forbidden(user.role)
        return user

    def _revision(self, request: Request, address: str) -> Revision:
        """The one asked for; without the header one of the server's choice, its newest."""
        asked = request.headers.get("x-api-version", "").strip().lower()
        if not asked:
            return self._backend.newest()
        if asked in self._backend.manners.versions and asked in REVISIONS:
            return revision(asked)
        raise _unsupported(asked, address, self._backend.manners.versions, self._backend.manners.names_versions)

    def _refusal(self, error: ApiError, asked: Revision) -> Answer:
        if error.status == 401 and error.code == "InvalidToken" and self._backend.manners.empty_unauthorized:
            return Answer(status=401, headers={"WWW-Authenticate": "Bearer"})
        headers = error.headers | ({"WWW-Authenticate": "Bearer"} if error.status == 401 else {})
        return Answer(error.status, encoded(error.body(asked.is_newest)), headers=headers)


def _unsupported(asked: str, address: str, versions: tuple[str, ...], names_them: bool) -> ApiError:
    """Older servers name what they support, newer ones repeat the address instead."""
    if names_them:
        listed = ", ".join(f"v{name}" for name in versions)
        message = f"Unsupported RESTAPI version. The following versions are supported: {listed}."
        return ApiError(400, "UnexpectedContent", message)
    message = f"The resource that matches the request URI '{address}' does not support the API version '{asked}'."
    return ApiError(400, "NotImplemented", message, told_twice=True)


def _swagger(versions: tuple[str, ...]) -> Answer:
    """A script around a JSON text, newest revision first."""
    urls = [{"url": f"/swagger/v{name}/swagger.json", "name": f"V{name.upper()}"} for name in reversed(versions)]
    config = orjson.dumps({"urls": urls, "deepLinking": True, "docExpansion": "none"}).decode()
    script = (
        "window.onload = function () {\n"
        f"    var configObject = JSON.parse('{config}');\n"
        '    configObject.dom_id = "#swagger-ui";\n'
        "    window.ui = SwaggerUIBundle(configObject);\n"
        "};\n"
    )
    return Answer(body=script.encode(), content_type="application/javascript; charset=utf-8")
