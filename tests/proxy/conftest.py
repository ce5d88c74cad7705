"""The real web server behind a proxy that ends TLS, on the test's own database."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from django.conf import global_settings, settings
from django.db import connection
from django.test import Client

from dashboard.environment import PROJECT
from dashboard.stack import parts
from dashboard.stack.door import address, open_door
from replicas_app.models import Person
from replicas_app.simulator.certificate import new_certificate
from tests.proxy.front import Front

READY_SECONDS = 30
TIMEOUT_SECONDS = 30
SUB_PATH = "/replicas-dash"


@dataclass
class Site:
    """A dashboard as people reach it, and the web server's own address, past the proxy."""

    front: Front
    direct: str

    @property
    def url(self) -> str:
        return self.front.url


class Visitor(requests.Session):
    """A browser without eyes: keeps cookies, sends forms with their token and origin, and shows redirects."""

    def __init__(self, site: Site, certificate: Path) -> None:
        super().__init__()
        self.site = site
        self.verify, self.trust_env = str(certificate), False

    def request(self, method: str, url: str, **options: object) -> requests.Response:
        """`url`: an address of the site without its sub-path, or a whole one."""
        whole = url if "://" in url else self.site.url + url
        return super().request(method, whole, **options | {"allow_redirects": False, "timeout": TIMEOUT_SECONDS})

    def send_form(self, url: str, fields: dict[str, str] | None = None, **headers: str) -> requests.Response:
        origin = {"Origin": self.site.front.origin, "Referer": f"{self.site.url}/"}
        token = {"csrfmiddlewaretoken": self.cookies["csrftoken"]}
        return self.post(url, data=token | (fields or {}), headers=origin | headers)

    def sign_in(self, person: Person) -> None:
        """Without the form, which tests of their own are about."""
        self.cookies.set(settings.SESSION_COOKIE_NAME, session_of(person))
        self.get("/accounts/password/change/")  # for the token of forms


def session_of(person: Person) -> str:
    """The cookie of somebody who has signed in."""
    client = Client()
    client.force_login(person)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@pytest.fixture(scope="session")
def certificate():
    return new_certificate("front", "localhost", days=2)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the static files, as `make run` collects them."""
    folder = tmp_path_factory.mktemp("data")
    collect = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"]
    subprocess.run(collect, cwd=PROJECT, env=os.environ | {"DATA_DIR": str(folder)}, check=True)
    return folder


@pytest.fixture(scope="session")
def serve(data, certificate, django_db_setup) -> Callable[..., Iterator[Site]]:
    """`with serve(path="/dr", TRUST_PROXY_HEADERS="1") as site:` is one that runs."""

    @contextmanager
    def serve(
        path: str = "", cuts: bool = False, told: dict[str, str] | None = None, **variables: str
    ) -> Iterator[Site]:
        with Front(certificate, path, cuts, told or {}) as front, open_door("127.0.0.1", 0) as door:
            front.behind = door.getsockname()
            web = parts.web(data, door)
            options = web.command.options
            options["env"] |= _surroundings() | {"PUBLIC_URL": front.url} | variables
            process = subprocess.Popen(web.command.arguments, start_new_session=True, **options)
            try:
                _wait_until(lambda: web.is_ready(process.pid, ""), process)
                yield Site(front, address(door).rstrip("/"))
            finally:
                os.killpg(process.pid, signal.SIGKILL)  # at once: it has nothing to lose
                process.wait()

    return serve


@pytest.fixture(scope="session")
def under_a_path(serve) -> Iterator[Site]:
    with serve(SUB_PATH) as site:
        yield site


@pytest.fixture(scope="session")
def at_the_root(serve) -> Iterator[Site]:
    with serve() as site:
        yield site


@pytest.fixture
def visit(certificate, tmp_path, transactional_db) -> Callable[[Site], Visitor]:
    """`visit(site)`: a visitor who has not signed in."""
    file = tmp_path / "certificate.pem"
    file.write_text(certificate.certificate)
    return lambda site: Visitor(site, file)


@pytest.fixture
def real_passwords(settings) -> None:
    """People made in this test have passwords that the web server can check."""
    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS


def _surroundings() -> dict[str, str]:
    """What the web server shares with the test: database and keys."""
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}")
    keys = {"SECRET_KEY": settings.SECRET_KEY, "CREDENTIAL_KEYS": ",".join(settings.CREDENTIAL_KEYS)}
    return {"DATABASE_URL": database.geturl()} | keys


def _wait_until(condition: Callable[[], bool], process: subprocess.Popen) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not condition():
        assert process.poll() is None and time.monotonic() < deadline, "the web server did not come up"
        time.sleep(0.05)
