"""The test session's own Postgres and Valkey, up before Django reads its settings; xdist's workers share them.

And its Chromium: one for all rooms, for Playwright runs once in a process.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import django
import pytest
from django.conf import settings
from django.core.cache import cache
from hypothesis import settings as hypothesis
from playwright.sync_api import Browser, Error, expect, sync_playwright

from tests.chromium import FLAGS, NAMES, PATIENCE_MILLISECONDS
from tests.emptying import delete_rather_than_truncate

MOST_WORKERS = 4
LONG_FILES = (
    "stack/test_lifecycle.py",
    "faults/test_any_answer.py",
    "browser/test_accessibility.py",
    "sync/test_moving_lists.py",
    "sync/test_killed_while_writing.py",
    "fuzz/test_query_strings.py",
    "stack/test_newcomer.py",
    "browser/test_lists.py",
    "stack/test_elsewhere.py",
    "simulator/test_contract.py",
    "bench/test_bench.py",
    "queue/test_broker.py",
    "queue/test_outages.py",
    "soak/test_soak.py",
    "sync/test_server_faults.py",
    "faults/test_hostile_forms.py",
    "proxy/test_browser.py",
    "browser/test_in_sight.py",
    "history/test_month.py",
    "proxy/test_links.py",
    "stack/test_demo.py",
    "sync/test_absent_replicas.py",
    "queue/test_signs.py",
    "queue/test_hung_servers.py",
    "sync/test_server_changes.py",
    "stack/test_running.py",
    "exports/test_transfers.py",
    "rescans/test_workers.py",
    "stack/test_refusals.py",
    "stack/test_other_postgres.py",
)
"""They take from a minute and a half down to a quarter of one."""
PROJECT = Path(__file__).resolve().parent.parent
os.environ["DJANGO_SETTINGS_MODULE"] = "dashboard.settings"
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps an event loop in the thread of the test


def start_parts() -> subprocess.Popen:
    """Start `tests.parts` and take over what it tells: the addresses, and a data folder."""
    parts = subprocess.Popen(
        [sys.executable, "-m", "tests.parts"], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    os.environ |= json.loads(parts.stdout.readline() or pytest.exit("Postgres and Valkey did not come up", 1))
    return parts


WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
PARTS = None if WORKER else start_parts()
if WORKER:  # a broker database of its own: the workers' queues must not mix
    os.environ["CELERY_BROKER_URL"] += f"?virtual_host={int(WORKER.removeprefix('gw')) + 1}"
django.setup()
settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
delete_rather_than_truncate()
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # a test that makes a person waits less
hypothesis.register_profile("default", deadline=None, max_examples=200, derandomize=True)
hypothesis.register_profile("fuzz", deadline=None, max_examples=3000)
hypothesis.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """For `-n auto`. One more than there are cores: half of the time, a test waits for something that it started."""
    return min((os.cpu_count() or 1) + 1, MOST_WORKERS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, so that no process is left alone with one of them in the end."""
    places = {PROJECT / "tests" / file: place for place, file in enumerate(LONG_FILES)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """With this variable set, pytest-django reads the settings before this file has named the worker's broker."""
    del os.environ["DJANGO_SETTINGS_MODULE"]


def pytest_unconfigure() -> None:
    if PARTS:
        PARTS.stdin.close()
        PARTS.wait()


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """Pages remember what they read by the keys and versions of servers, which another test may have had, too."""
    cache.clear()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The Chromium on PATH, else Playwright's own. Where there is none, CI fails and a person is told."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        except Error as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"NO BROWSER TESTS: no Chromium here ({error.message.splitlines()[0]})")
        expect.set_options(timeout=PATIENCE_MILLISECONDS)
        yield browser
        browser.close()
