"""Refusals, as the API words them."""

from typing import Any


class ApiError(Exception):
    """Ends a request with `status` and an `Error` body."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        resource_id: str = "",
        headers: dict[str, str] | None = None,
        told_twice: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.resource_id = resource_id
        self.headers = headers or {}
        self.told_twice = told_twice

    def body(self, newest: bool) -> dict[str, Any]:
        """The newest servers repeat the message as `title` and the status in the body."""
        found: dict[str, Any] = {"errorCode": self.code, "message": self.message}
        if self.resource_id:
            found["resourceId"] = self.resource_id
        if newest or self.told_twice:
            found |= {"title": self.message, "status": self.status}
        return found


def malformed(message: str) -> ApiError:
    return ApiError(400, "UnexpectedContent", message)


def not_found(what: str, id: str) -> ApiError:
    return ApiError(404, "NotFound", f"{what} with ID {id} was not found.", resource_id=id)


def forbidden(role: str) -> ApiError:
    return ApiError(403, "AccessDenied", f"Access denied. The role '{role}' does not allow this operation.")


def signed_out(code: str, message: str) -> ApiError:
    return ApiError(401, code, message)
