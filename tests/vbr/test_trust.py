"""Whom we believe to be the server, per server."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from replicas_app.simulator import Simulator
from replicas_app.vbr import Client, Denied, Trust, fetch_certificate, parse_address
from tests.vbr.conftest import client_of
from tests.vbr.raw import RawServer, issue, json_answer, read_request, saying

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
TIME = saying(json_answer('{"serverTime": "2025-01-02T03:04:05Z", "timeZone": "UTC"}'))


@pytest.mark.parametrize(
    "spell", [str, str.upper, lambda digits: ":".join(digits[at : at + 2] for at in range(0, 64, 2))]
)
def test_a_pinned_certificate_is_trusted_in_any_spelling_of_its_fingerprint(simulator, spell):
    with client_of(simulator, trust=Trust.pin(spell(simulator.fingerprint))) as client:
        assert client.server_time()


def test_a_pinned_certificate_may_be_expired_and_for_another_name():
    certificate = issue("elsewhere.example.test", days=-1)

    assert is_trusted(Trust.pin(certificate.sha256), certificate.server_context())


def test_a_pin_is_the_servers_own_certificate_not_its_issuers():
    authority = issue("Our CA", is_ca=True)
    leaf = issue(by=authority)

    assert is_trusted(Trust.pin(leaf.sha256), leaf.server_context(authority))
    assert not is_trusted(Trust.pin(authority.sha256), leaf.server_context(authority))


def test_a_certificate_that_changes_while_we_work_is_noticed_at_the_next_connection(simulator):
    with client_of(simulator) as client:
        client.server_time()
        client.close()
        simulator.renew_certificate()

        with pytest.raises(Denied) as error:
            client.server_time()

    assert error.value.cause == "tls_changed"


@pytest.mark.parametrize("anchor", ["authority", "intermediate", "leaf"])
def test_a_bundle_may_hold_any_certificate_of_the_chain(anchor):
    authority = issue("Our CA", is_ca=True)
    intermediate = issue("Our intermediate CA", by=authority, is_ca=True)
    leaf = issue(by=intermediate)
    chain = {"authority": authority, "intermediate": intermediate, "leaf": leaf}

    assert is_trusted(Trust.bundle(chain[anchor].pem), leaf.server_context(intermediate))


def test_a_bundle_may_hold_the_self_signed_certificate_itself(simulator):
    with client_of(simulator, trust=Trust.bundle(simulator.certificate)) as client:
        assert client.server_time()


def test_a_bundle_may_have_words_around_its_certificates(simulator):
    with client_of(simulator, trust=Trust.bundle(f"# Zertifikät\r\n{simulator.certificate}\nEnde")) as client:
        assert client.server_time()


def test_a_bundle_of_others_is_not_enough():
    bundle = issue("CA one", is_ca=True).pem + issue("CA two", is_ca=True).pem

    assert not is_trusted(Trust.bundle(bundle), issue().server_context())


def test_the_systems_authorities_are_those_of_openssl_on_this_machine(tmp_path, monkeypatch):
    authority = issue("Our CA", is_ca=True)
    leaf = issue(by=authority)
    file = Path(tmp_path) / "ca.pem"
    file.write_text(authority.pem)

    assert not is_trusted(Trust.system(), leaf.server_context())
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    assert is_trusted(Trust.system(), leaf.server_context())


def test_trust_that_is_off_does_not_fill_the_log(simulator):
    script = (
        "import sys; from replicas_app.vbr import Client, Trust\n"
        "with Client(sys.argv[1], 'svc', 'pw1', trust=Trust.off()) as client: client.server_time()"
    )

    told = subprocess.run([sys.executable, "-c", script, simulator.url], capture_output=True, text=True, check=True)

    assert told.stderr == ""


def test_trust_that_is_off_takes_anything():
    assert is_trusted(Trust.off(), issue("elsewhere.example.test", days=-1).server_context())


@pytest.mark.parametrize(
    ("make", "value", "word"),
    [
        (Trust.pin, "ab" * 20, "SHA-1"),
        (Trust.pin, "xy" * 32, "64"),
        (Trust.pin, "", "64"),
        (Trust.bundle, "", "no certificate"),
        (Trust.bundle, "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----", "can be read"),
        (Trust.bundle, "zertifikät", "no certificate"),
    ],
)
def test_what_is_no_fingerprint_or_bundle_is_refused_in_words(make, value, word):
    with pytest.raises(ValueError) as error:
        make(value)

    assert word in str(error.value)


def test_an_ipv6_address_connects_and_pins():
    with Simulator(replicas=1, still=True, host="::1") as simulator:
        assert simulator.url.startswith("https://[::1]:")
        with client_of(simulator) as client:
            client.sign_in()
        with client_of(simulator, trust=Trust.bundle(simulator.certificate)) as client:
            client.sign_in()


def test_an_ipv6_address_with_a_zone_connects_and_keeps_the_zone_to_itself():
    certificate = issue("fe80::1")
    heard = []

    def behave(connection: socket.socket) -> None:
        heard.append(read_request(connection))
        connection.sendall(json_answer('{"serverTime": "2025-01-02T03:04:05Z"}'))

    with RawServer(behave, certificate.server_context(), host=link_local()) as server:
        assert parse_address(server.url).url == server.url
        with Client(server.url, "svc", "pw", trust=Trust.pin(certificate.sha256), api_version="1.3-rev2") as client:
            assert client.server_time()
        assert fetch_certificate(parse_address(server.url).host, server.port).sha256 == certificate.sha256

    [host] = [line for line in heard[0].split(b"\r\n") if line.startswith(b"Host:")]
    assert b"%" not in host


def test_a_base_path_is_in_front_of_every_call():
    with (
        Simulator(replicas=1, still=True, base_path="/veeam/one") as simulator,
        client_of(simulator, api_version="") as client,
    ):
        assert simulator.url.endswith("/veeam/one")
        assert len([record for page in client.replicas() for record in page.records]) == 1


def is_trusted(trust: Trust, context) -> bool:
    with (
        RawServer(TIME, context) as server,
        Client(server.url, "svc", "pw", trust=trust, api_version="1.3-rev2") as client,
    ):
        try:
            return client.server_time().time_zone == "UTC"
        except Denied as error:
            assert error.cause.startswith("tls_")
            return False


def link_local() -> str:
    """An address of this machine that needs a zone; skips where there is none."""
    table = Path("/proc/net/if_inet6")
    for line in table.read_text().splitlines() if table.exists() else ():
        digits, _, _, scope, _, name = line.split()
        if scope == "20":
            address = socket.inet_ntop(socket.AF_INET6, bytes.fromhex(digits))
            return f"{address}%{name}"
    pytest.skip("no link-local IPv6 address on this machine")
