"""Logins, and what a server says of itself."""

from urllib.parse import parse_qs

from ..accounts import Grant
from ..clock import HOUR, SECOND, bare_text
from ..errors import malformed
from ..exchange import Answer, Request
from ..revisions import Record
from .call import Call, as_json

_FORM = "application/x-www-form-urlencoded"


def create_token(call: Call) -> Answer:
    """The grant types count in any case: newer documents write them with capitals."""
    form = _form(call.request)
    accounts, now = call.backend.accounts, call.backend.clock.now()
    grant_type = form.get("grant_type", "").lower()
    if grant_type == "password" and form.keys() >= {"username", "password"}:
        return as_json(_token(accounts.sign_in(form["username"], form["password"], call.revision, now)))
    if grant_type == "refresh_token" and "refresh_token" in form:
        return as_json(_token(accounts.renew(form["refresh_token"], now)))
    raise malformed("The grant type is not supported, or what it needs is absent.")


def logout(call: Call) -> Answer:
    call.backend.accounts.sign_out(call.token)
    return as_json({})


def server_time(call: Call) -> Answer:
    clock = call.backend.clock
    hours = round(clock.zone.utcoffset(None).total_seconds() * SECOND / HOUR)
    found = {
        "serverTime": clock.text(clock.now()),
        "timeZone": f"({clock.zone}) Simulated time",
        "ianaTimeZoneId": f"Etc/GMT{-hours:+d}" if hours else "Etc/UTC",
    }
    return as_json(call.revision.server_time(found))


def server_info(call: Call) -> Answer:
    found = {
        "platform": "Windows",
        "vbrId": call.backend.server_id,
        "name": call.backend.manners.name,
        "buildVersion": call.backend.newest().build,
        "patches": [],
        "databaseVendor": "PostgreSQL",
        "sqlServerEdition": "",
        "sqlServerVersion": "PostgreSQL 15.12",
        "databaseSchemaVersion": "10085",
        "databaseContentVersion": "10085",
        "veeamRegistration": {"isRegistered": False},
    }
    return as_json(call.revision.server_info(found))


def _token(grant: Grant) -> Record:
    """The two times come without an offset, in UTC."""
    return {
        "access_token": grant.access,
        "token_type": "bearer",
        "refresh_token": grant.refresh,
        "expires_in": (grant.expires - grant.issued) // SECOND,
        ".issued": bare_text(grant.issued),
        ".expires": bare_text(grant.expires),
    }


def _form(request: Request) -> dict[str, str]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _FORM:
        raise malformed(f"The content type must be {_FORM}.")
    try:
        fields = parse_qs(request.body.decode("ascii"), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise malformed("The form is not encoded as it should be.") from None
    return {name: values[0] for name, values in fields.items()}
