"""A broker over TLS: the certificate counts, unless somebody says that it does not."""

import os
import subprocess
import sys

import pytest

from replicas_app.simulator.certificate import new_certificate
from tests.stack.running import PROJECT, surroundings

ENDING_TLS = """
import asyncio, os, ssl
async def pump(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
    writer.close()
async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("certificate.pem", "key.pem")
    async def serve(reader, writer):
        there = await asyncio.open_unix_connection(os.environ["SOCKET"])
        await asyncio.gather(pump(reader, there[1]), pump(there[0], writer))
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""
SEND = "from dashboard.celery import app; app.connection_for_write().connect(); print('sent')"


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    """The test session's Valkey behind TLS with a certificate of our own: its address, and the certificate's file."""
    folder = tmp_path_factory.mktemp("tls")
    made = new_certificate("broker", "127.0.0.1", 1)
    (folder / "certificate.pem").write_text(made.certificate)
    (folder / "key.pem").write_text(made.key)
    socket = os.environ["CELERY_BROKER_URL"].removeprefix("redis+socket://").partition("?")[0]
    options = {"cwd": folder, "env": {"SOCKET": socket}, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", ENDING_TLS], stderr=subprocess.DEVNULL, **options) as proxy:
        yield f"rediss://127.0.0.1:{int(proxy.stdout.readline())}/9", folder / "certificate.pem"
        proxy.kill()


def send(tmp_path, url: str) -> str:
    environment = surroundings(tmp_path, CELERY_BROKER_URL=f"{url}\n", DJANGO_SETTINGS_MODULE="dashboard.settings")
    done = subprocess.run([sys.executable, "-c", SEND], cwd=PROJECT, env=environment, capture_output=True, text=True)
    return done.stdout or done.stderr


def test_with_the_certificate_authority_it_is_taken(broker, tmp_path):
    url, certificate = broker

    assert send(tmp_path, f"{url}?ssl_ca_certs={certificate}") == "sent\n"


def test_without_it_nothing_is_sent(broker, tmp_path):
    url, _ = broker

    assert "CERTIFICATE_VERIFY_FAILED" in send(tmp_path, url)


def test_who_says_that_it_does_not_count_is_believed(broker, tmp_path):
    url, _ = broker

    assert send(tmp_path, f"{url}?ssl_cert_reqs=none") == "sent\n"
