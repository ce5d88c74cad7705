"""What a fault is called, what it means, and what mends it: the words of pages, sync and doctor alike.

A cause is a short code. Codes are stored and compared, so they stay; words may change.
"""

from typing import NamedTuple


class Cause(NamedTuple):
    code: str
    sentence: str
    """What is wrong, for an operator."""
    fix: str
    """What to do about it."""


_CAUSES = (
    Cause(
        "dns",
        "The name of the server cannot be resolved.",
        "Check the spelling of the address and that this machine's DNS knows the name; an IP address works as well.",
    ),
    Cause(
        "refused",
        "The server is there, but nothing listens at this port.",
        "Check the port (9419 unless it was changed) and that the service “Veeam Backup Server RESTful API” runs.",
    ),
    Cause(
        "unreachable",
        "There is no route to the server.",
        "Check the address, the network and the firewalls between this machine and the server.",
    ),
    Cause(
        "timeout",
        "The server did not answer in time.",
        "If it stays so: check that no firewall drops the connection and that the server is not overloaded.",
    ),
    Cause(
        "reset",
        "The connection broke off in the middle.",
        "If it stays so: look for a firewall, proxy or load balancer that cuts connections, and at the server's log.",
    ),
    Cause(
        "tls_untrusted",
        "The server's certificate was issued by nobody whom this machine trusts.",
        "Pin the certificate after comparing its fingerprint, or give the CA bundle of whoever issued it.",
    ),
    Cause(
        "tls_expired",
        "The server's certificate is out of its dates: expired, or not yet valid.",
        "Renew the certificate on the backup server; check the clocks of both machines.",
    ),
    Cause(
        "tls_name",
        "The server's certificate is for another name than the one in the address.",
        "Use a name that the certificate has, or pin the certificate after comparing its fingerprint.",
    ),
    Cause(
        "tls_changed",
        "The server shows another certificate than the pinned one.",
        "If the certificate was renewed on purpose, compare the new fingerprint on the server and pin it. "
        "If not, somebody may stand in between: do not sign in.",
    ),
    Cause(
        "tls_unconfirmed",
        "Nobody has accepted the server's certificate yet, so nothing is sent to it.",
        "Compare the certificate with the one on the server's console, and accept it.",
    ),
    Cause(
        "tls_other",
        "No secure connection came about.",
        "Check which TLS versions and ciphers the server offers; this machine asks for TLS 1.2 or newer.",
    ),
    Cause(
        "not_tls",
        "What answers at this port does not speak TLS.",
        "Check the port: the REST API answers by HTTPS at 9419.",
    ),
    Cause(
        "port",
        "Something answers at this address, but it is not the REST API of a backup server.",
        "Check port and path: the REST API is at 9419 (Enterprise Manager at 9398 is another product).",
    ),
    Cause(
        "version",
        "The server does not offer the API revision that was asked for.",
        "Choose the revision anew with a connection test; a server before 12.3.1 has to be upgraded.",
    ),
    Cause(
        "login",
        "The server refuses user name and password.",
        "Type both again. A domain user needs the domain and its backslash: DOMAIN\\user.",
    ),
    Cause(
        "locked",
        "The account is locked after too many refused logins.",
        "Wait until the lock is over or have it lifted, correct the password here, then test by hand.",
    ),
    Cause(
        "mfa",
        "The account asks for a second factor, which the API cannot give.",
        "Use a service account for which multi-factor authentication is switched off.",
    ),
    Cause(
        "paused",
        "After refused logins this server is left alone, so that its account does not get locked.",
        "Correct the password, test the connection by hand, or wait.",
    ),
    Cause(
        "secret",
        "The stored password of this server cannot be opened: the key that encrypted it is gone.",
        "Type the password again, or put the old key back into CREDENTIAL_KEYS.",
    ),
    Cause(
        "token",
        "The server accepts the login but not the token that it gave for it.",
        "Check the server's clock; if several servers share this address behind a load balancer, name one of them.",
    ),
    Cause(
        "role",
        "The account may not do this.",
        "Give it the role Veeam Backup Administrator or Veeam Restore Operator on the backup server.",
    ),
    Cause(
        "between",
        "Something between this machine and the server answered in its place.",
        "Look for a proxy, firewall or load balancer on the way, and let this machine through to the server.",
    ),
    Cause(
        "licence",
        "The server's licence or edition does not allow this.",
        "Check both in the console of the backup server: not every edition comes with the REST API.",
    ),
    Cause(
        "busy",
        "The server is too busy to answer.",
        "It is asked again by itself. If it stays so: sync less often, or look at the load of the server.",
    ),
    Cause(
        "server",
        "The server reports a fault of its own.",
        "If it stays so: look at the log of the backup server's REST service.",
    ),
    Cause(
        "rejected",
        "The server does not take the request as we sent it.",
        "Check that the API revision fits the server; please report what it said.",
    ),
    Cause(
        "gone",
        "The server does not know what was asked for.",
        "It may have been removed meanwhile; a sync shows what is there.",
    ),
    Cause(
        "answer",
        "The server's answer cannot be read.",
        "If it stays so: check what stands between this machine and the server, and report what came.",
    ),
)

BY_CODE = {cause.code: cause for cause in _CAUSES}


def explain(code: str) -> Cause:
    """The words for a code; a code that is not known (from a newer version's row) gets plain ones."""
    return BY_CODE.get(code) or Cause(code, "The server could not be used.", "Test the connection by hand.")
