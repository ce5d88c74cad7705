"""Backup servers are asked directly; a proxy is used where one is given, and is not taken for the server."""

import pytest

from replicas_app.simulator import Simulator
from replicas_app.vbr import Unavailable, fetch_certificate
from tests.vbr.conftest import client_of, closed_port, fault_of, records
from tests.vbr.raw import RawServer, saying

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")

PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@pytest.mark.parametrize("no_proxy", ["", "10.0.0.0/8,fd00::/8", "127.0.0.1", "::/0"])
def test_the_environments_proxy_is_not_used(monkeypatch, simulator, no_proxy):
    """It is for the internet. Here it would refuse everything, and take what it says for the backup server's word."""
    heard = []
    with RawServer(lambda connection: heard.append(connection) or connection.close()) as proxy:
        for name in PROXY_VARIABLES:
            monkeypatch.setenv(name, f"http://u:secret@127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", no_proxy)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")

        with client_of(simulator) as client:
            assert len(records(client.replicas())) == 6
        fetch_certificate("127.0.0.1", simulator.port)

    assert heard == []


def test_the_environments_proxy_is_not_used_for_an_ipv6_address_either(monkeypatch):
    for name in PROXY_VARIABLES:
        monkeypatch.setenv(name, f"http://u:secret@127.0.0.1:{closed_port()}")
    monkeypatch.setenv("NO_PROXY", "::/0")

    with Simulator(replicas=1, vms=1, points=1, host="::1") as simulator, client_of(simulator) as client:
        assert client.server_time()


def test_a_netrc_file_does_not_take_the_place_of_the_token(monkeypatch, simulator, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))

    with client_of(simulator) as client:
        assert len(records(client.replicas())) == 6

    assert {one.headers.get("authorization", "Bearer")[:6] for one in simulator.requests} == {"Bearer"}


def test_a_proxy_that_is_given_is_named_when_it_fails_and_its_password_is_not():
    port = closed_port()

    error = fault_of("https://vbr01.example.test:9419", proxy=f"http://u:geheim@127.0.0.1:{port}")

    assert (type(error), error.cause, error.sent) == (Unavailable, "between", False)
    assert f"through the proxy 127.0.0.1:{port}" in error.sentence
    assert "geheim" not in error.sentence


def test_the_refusal_of_a_given_proxy_is_not_the_servers(simulator):
    with RawServer(saying(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")) as proxy:
        error = fault_of(simulator.url, proxy=f"http://127.0.0.1:{proxy.port}")

    assert (type(error), error.cause, error.sent) == (Unavailable, "between", False)
    assert "403" in error.sentence
