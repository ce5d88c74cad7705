"""Cases: fragments of the long lists, one by one and from eight clients at once."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from statistics import median, quantiles
from urllib.parse import urlsplit

from django.core.management import call_command
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from replicas_app.choices import Role
from tests.bench.bench import Bench
from tests.bench.inventory import POINTS_PER_VM, REPLICAS, VMS, loaded
from tests.bench.results import Result
from tests.bench.web import web
from tests.factories import make_person

PART = {"HX-Request": "true", "HX-Target": "list"}
FLOOR, FLOOR_SETTINGS = "tests.bench.floor", "tests.bench.floor_settings"
PER_PAGE = 50
TIMES = 40
"""Requests of a case, each followed by one of the floor view, so that both meet the same machine."""
CLIENTS = 8
SECONDS = 6
WITHOUT_ROWS = ("state=Lost", "q=zzzqqq", "q=zq")
QUERIES = 7
PAGE = 1_000
ORDERS = {
    "/replicas/": ("name", "created", "state", "points", "newest", "server", "platform", "type", "job"),
    "/restore-points/": ("created", "name", "replica", "server", "state", "malware", "platform"),
}


def lists(bench: Bench) -> Iterator[Result]:
    """A tenth of the data first: the same requests on ten times as many rows are compared with it.

    Minutes lie between the two, in which a machine may change its pace: the floor view tells by how much.
    """
    call_command("collectstatic", interactive=False, verbosity=0)
    small = {}
    for share in (0.1, 1):
        loaded(bench, share)
        with override_settings(ROOT_URLCONF=FLOOR, ALLOWED_HOSTS=["testserver"]):
            client = Client()
            client.force_login(make_person(role=Role.OPERATOR))
            for case, address in cases(bench, share):
                figures = _measured(client, address)
                if share < 1:
                    small[case] = figures
                    continue
                yield Result(f"{case}: p50", median(figures.ours), 2, floor=median(figures.floor))
                yield Result(f"{case}: p95", _p95(figures.ours), 4, floor=_p95(figures.floor))
                tenth = median(small[case].ours) * median(figures.floor) / median(small[case].floor)
                yield Result(f"{case}: against a tenth of the data", median(figures.ours), 1.2, floor=tenth)
                yield Result(f"{case}: queries", figures.queries, QUERIES, unit="queries")
                bench.say(f"{case}: the first time {figures.first * 1000:.0f} ms")
            for path in ORDERS if share == 1 else ():
                ours, floor = _unchanged(client, path)
                yield Result(f"{_name(path)}, first page, unchanged (304): p50", ours, 1, floor=floor)


def rps(bench: Bench) -> Iterator[Result]:
    """Requests per second of the first page of each list."""
    loaded(bench)
    call_command("collectstatic", interactive=False, verbosity=0)
    with _served_with_floor(), web() as server:
        cookie = f"sessionid={server.browser.cookies['sessionid']}"
        for path in ORDERS:
            _rate(server.url, path, cookie, SECONDS / 3)  # every worker and thread has been asked once
            ours, floor = (_rate(server.url, one, cookie, SECONDS) for one in (path, f"/floor{path}"))
            yield Result(f"{_name(path)}, {CLIENTS} clients", ours, 0.5, unit="requests/s", floor=floor, at_least=True)


def cases(bench: Bench, share: float) -> Iterator[tuple[str, str]]:
    """(what it is, address)."""
    replicas = bench.sized(round(REPLICAS * share))
    last = {"/replicas/": replicas // PER_PAGE, "/restore-points/": replicas * VMS * POINTS_PER_VM // PER_PAGE}
    for path, orders in ORDERS.items():
        name = _name(path)
        yield f"{name}, first page", path
        yield f"{name}, page {PAGE:,}", f"{path}?page={min(PAGE, last[path])}"
        yield f"{name}, last page", f"{path}?page={last[path]}"
        yield f"{name}, filtered by a common state", f"{path}?state=Ready"
        yield f"{name}, filtered by a rare status", f"{path}?malware=Infected"
        yield f"{name}, filtered by a state that none has", f"{path}?state=Lost"
        yield f"{name}, filtered by server and platform", f"{path}?server=1&platform=HyperV"
        for order in orders:
            yield f"{name}, sorted by {order}", f"{path}?sort={order}"
            yield f"{name}, sorted by {order}, descending", f"{path}?sort=-{order}"
        yield f"{name}, sorted by name, in the middle", f"{path}?sort=name&page={last[path] // 2}"
        yield f"{name}, q with many hits", f"{path}?q=mail"
        yield f"{name}, q with few hits", f"{path}?q=mail-00002" if "points" in path else f"{path}?q=mail+2"
        yield f"{name}, q without hits", f"{path}?q=zzzqqq"
        yield f"{name}, q of two letters", f"{path}?q=er"
        yield f"{name}, q of two letters without hits", f"{path}?q=zq"


class Figures:
    def __init__(self) -> None:
        self.first = 0.0
        """Seconds of the first request, when nothing is remembered yet."""
        self.queries = 0
        self.ours: list[float] = []
        self.floor: list[float] = []


def _measured(client: Client, address: str) -> Figures:
    """As a browser meets it: the list, the second request with its counts, and then the list again and again."""
    figures, floor = Figures(), f"/floor{urlsplit(address).path}"
    figures.first = _seconds(client, address)
    _look_at_rows(client, address)
    with CaptureQueriesContext(connection) as asked:
        _seconds(client, address)
    figures.queries = len(asked)
    client.get(f"{address}{'&' if '?' in address else '?'}counts=1", headers=PART | {"HX-Target": "facets"})
    for _ in range(TIMES):
        figures.ours.append(_seconds(client, address))
        figures.floor.append(_seconds(client, floor))
    return figures


def _unchanged(client: Client, path: str) -> tuple[float, float]:
    """The medians for a browser that has the page already, and of the floor view, which sends it all the same."""
    ours, floor = [], []
    while len(ours) < TIMES:
        tag = client.get(path, headers=PART)["ETag"]  # another one every minute
        began = time.perf_counter()
        answer = client.get(path, headers=PART | {"If-None-Match": tag})
        took = time.perf_counter() - began
        if answer.status_code == 304:
            ours.append(took)
            floor.append(_seconds(client, f"/floor{path}"))
    return median(ours), median(floor)


def _look_at_rows(client: Client, address: str) -> None:
    """A page without rows is quick, and says nothing of one with them."""
    has_rows = b"<tr data-" in client.get(address, headers=PART).content
    if has_rows == any(nothing in address for nothing in WITHOUT_ROWS):
        raise SystemExit(f"{address} has {'rows' if has_rows else 'no rows'}")


def _seconds(client: Client, address: str) -> float:
    began = time.perf_counter()
    answer = client.get(address, headers=PART)
    took = time.perf_counter() - began
    if answer.status_code != 200:
        raise SystemExit(f"{address} was answered with {answer.status_code}")
    return took


def _name(path: str) -> str:
    """`restore points`."""
    return path.strip("/").replace("-", " ")


def _p95(seconds: list[float]) -> float:
    return quantiles(seconds, n=20)[-1]


@contextmanager
def _served_with_floor() -> Iterator[None]:
    """A web process that is started meanwhile has the floor's views, too."""
    before = os.environ["DJANGO_SETTINGS_MODULE"]
    os.environ["DJANGO_SETTINGS_MODULE"] = FLOOR_SETTINGS
    try:
        yield
    finally:
        os.environ["DJANGO_SETTINGS_MODULE"] = before


def _rate(url: str, path: str, cookie: str, seconds: float) -> float:
    """Answers per second."""
    until = time.monotonic() + seconds
    began = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as clients:
        answers = sum(clients.map(lambda _: _ask(url, path, cookie, until), range(CLIENTS)))
    return answers / (time.monotonic() - began)


def _ask(url: str, path: str, cookie: str, until: float) -> int:
    answers, address = 0, urlsplit(url)
    with_cookie = PART | {"Cookie": cookie}
    server = HTTPConnection(address.hostname, address.port, timeout=30)
    while time.monotonic() < until:
        server.request("GET", path, headers=with_cookie)
        answer = server.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"{path} was answered with {answer.status}")
        answers += 1
    server.close()
    return answers
