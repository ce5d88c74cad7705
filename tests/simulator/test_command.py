"""The simulator as a program of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

PROJECT = Path(__file__).parents[2]
ALONE = [sys.executable, "-m", "replicas_app.simulator", "--replicas", "2", "--points", "2"]
MANAGED = [sys.executable, "manage.py", "simulate_vbr", "--replicas", "2", "--points", "2"]
Run = Callable[..., subprocess.Popen]


@pytest.fixture
def run() -> Iterator[Run]:
    """Starts the program; what still runs at the end of the test is killed."""
    with ExitStack() as ending:

        def run(*arguments: str, program: list[str] = ALONE, **variables: str) -> subprocess.Popen:
            process = subprocess.Popen(
                [*program, *arguments],
                cwd=PROJECT,
                env=os.environ | variables,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            ending.enter_context(process)
            ending.callback(process.kill)
            return process

        yield run


def refused(process: subprocess.Popen) -> str:
    """What a start that failed said: one line, and exit status 1."""
    output, errors = process.communicate(timeout=30)
    assert (process.returncode, output, errors.count("\n")) == (1, "", 1), errors
    return errors.strip()


@pytest.mark.parametrize("program", [ALONE, MANAGED], ids=["alone", "managed"])
def test_it_says_when_it_is_ready_and_stops_at_once(program: list[str], run: Run):
    process = run("--port", "0", "--tls", "--name", "vbr-lab", "--username", "CORP\\svc", program=program)

    line = process.stdout.readline()
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)

    assert line.startswith("vbr-lab listens at https://127.0.0.1:")
    assert "SHA-256" in line
    assert "user CORP\\svc" in line
    assert process.wait(timeout=10) == 0
    assert time.monotonic() - began < 5
    assert process.communicate() == ("", "")


def test_it_tells_its_facts_as_json_but_never_the_password(run: Run):
    process = run("--port", "0", "--tls", "--json", "--password-env", "PW", "--api-version", "1.3-rev0", PW="s3cret!")

    line = process.stdout.readline()
    process.send_signal(signal.SIGINT)

    told = json.loads(line)
    assert told["versions"] == ["1.3-rev0"]
    assert told["certificate"].startswith("-----BEGIN CERTIFICATE-----")
    assert len(told["fingerprint"]) == 64
    assert "s3cret!" not in line
    assert process.wait(timeout=10) == 0


def test_its_options_reach_the_server(run: Run, tmp_path: Path):
    script = tmp_path / "faults.yaml"
    script.write_text("- {path: serverInfo, status: 418}")
    options = ["--still", "--role", "viewer", "--base-path", "vbr", "--no-swagger", "--max-limit", "1", "--host", "::1"]
    process = run("--port", "0", "--json", "--faults", str(script), *options)
    url = json.loads(process.stdout.readline())["url"]

    form = {"grant_type": "password", "username": "svc", "password": "pw1"}
    token = requests.post(f"{url}/api/oauth2/token", data=form, timeout=10).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    found = {
        path: requests.get(f"{url}/{path}", headers=headers, timeout=10).status_code
        for path in ("api/v1/serverInfo", "api/v1/replicas", "api/v1/sessions", "swagger/index.js")
    }

    assert found == {
        "api/v1/serverInfo": 418,
        "api/v1/replicas": 403,
        "api/v1/sessions": 200,
        "swagger/index.js": 404,
    }


@pytest.mark.parametrize("program", [ALONE, MANAGED], ids=["alone", "managed"])
def test_a_port_that_is_taken_is_told_in_one_sentence(program: list[str], run: Run):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])

        said = refused(run("--port", port, program=program))

    assert said.removeprefix("CommandError: ") == f"Port {port} on 127.0.0.1 is taken by another program."


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--port", "99999"], "99999 is no port."),
        (["--port", "0", "--host", "nosuch.invalid"], "(nosuch.invalid)."),
        (["--port", "0", "--role", "chief"], "'chief' is no role; there are administrator, restore operator, viewer"),
        (["--port", "0", "--faults", "/nowhere/faults.yaml"], "The fault script /nowhere/faults.yaml cannot be read"),
        (["--port", "0", "--utc-offset", "CET"], "'CET' is no offset from UTC such as +02:00."),
        (["--port", "0", "--password-env", "NOT_SET_AT_ALL"], "The variable NOT_SET_AT_ALL is not set."),
        (["--port", "0", "--replicas", "-1"], "The simulator cannot start: replicas cannot be -1."),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_makes_no_sense_is_told_in_one_sentence(options: list[str], said: str, run: Run):
    assert said in refused(run(*options))


def test_a_bad_fault_script_is_told_in_one_sentence(run: Run, tmp_path: Path):
    script = tmp_path / "faults.yaml"
    script.write_text("- {path: replicas, action: explode}")

    assert refused(run("--port", "0", "--faults", str(script))).startswith("Rule 1: 'explode' is no action")


def test_a_script_that_is_neither_json_nor_yaml_says_where(run: Run, tmp_path: Path):
    script = tmp_path / "faults.yaml"
    script.write_text("- path: a\n  when: [\n")

    assert "is neither JSON nor YAML (line " in refused(run("--port", "0", "--faults", str(script)))


def test_importing_it_needs_no_django(run: Run):
    code = "import sys, replicas_app.simulator; print('django' in sys.modules)"

    process = run(program=[sys.executable, "-c", code])

    assert process.communicate(timeout=30) == ("False\n", "")
