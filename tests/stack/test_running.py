"""What holds while it runs, looked at on one dashboard."""

import os
import re
import stat
from pathlib import Path

import psutil

from tests.stack.running import manage


def test_one_calm_block_says_where_it_is_and_how_to_log_in_and_to_stop(dashboard):
    said = dashboard.said

    assert re.fullmatch(
        r"\n  The dashboard is ready  \(\d+\.\d s\)\n\n"
        r"  Open     http://127\.0\.0\.1:\d+/\n"
        r"  Log in   admin  \S{16}  \(also in .*/my data/first-login\.txt\)\n"
        r"  Data     .*/my data  \(.*\)\n"
        r"  Stop     Ctrl-C\n\n",
        said,
    ), said


def test_it_is_ready(dashboard):
    assert dashboard.get("/readyz") == (200, '{"ready": true, "reasons": []}')


def test_the_first_login_is_an_admin_who_can_log_in(dashboard):
    note = (dashboard.data / "first-login.txt").read_text()

    password = re.fullmatch(r"username: admin\npassword: (\S{16})\n", note)[1]

    assert password in dashboard.said
    assert dashboard.sql("SELECT username, role, is_active FROM person") == ("admin", "admin", True)


def test_a_second_start_on_the_same_data_is_refused(dashboard, start):
    sentence = start(dashboard.data).refused()

    assert sentence == (
        f"The dashboard is already running on {dashboard.data} (process {dashboard.process.pid}): stop that one, or set"
        " DATA_DIR and PORT for a second one."
    )
    assert dashboard.is_ready()


def test_the_health_pages_answer_whatever_the_host_and_no_other_page_does(dashboard):
    stranger = {"Host": "10.42.8.201:8000"}

    assert dashboard.get("/healthz", **stranger) == (200, '{"alive": true}')
    assert dashboard.get("/readyz", **stranger)[0] == 200
    assert dashboard.get("/accounts/login/", **stranger)[0] == 400


def test_an_address_of_five_thousand_letters_reaches_the_dashboard(dashboard):
    assert dashboard.get(f"/accounts/login/?q={'x' * 5000}")[0] == 200


def test_postgres_and_valkey_listen_on_no_network(dashboard):
    listening = {name: dashboard.part(name).net_connections("inet") for name in ("postgres", "valkey")}

    assert listening == {"postgres": [], "valkey": []}


def test_nobody_else_can_read_the_data_or_reach_the_sockets(dashboard):
    sockets = (dashboard.data / "socket-folder").read_text().strip()

    folders = (dashboard.data, dashboard.data / "postgres", Path(sockets))
    modes = {stat.S_IMODE(folder.stat().st_mode) for folder in folders}

    assert modes == {0o700}
    for secret in ("secret-key", "credential-key", "first-login.txt", "postgres-password", "running.json"):
        assert stat.S_IMODE((dashboard.data / secret).stat().st_mode) == 0o600


def test_postgres_does_not_run_as_root(dashboard):
    assert dashboard.part("postgres").uids().effective != 0


def test_manage_py_by_hand_finds_the_running_database(dashboard):
    done = manage(dashboard.data, "showmigrations", "replicas_app")

    assert "[X] 0001_extensions" in done.stdout
    assert done.returncode == 0


def test_every_part_is_in_a_session_of_its_own_so_that_ctrl_c_reaches_only_the_launcher(dashboard):
    parts = [dashboard.part(name).pid for name in ("postgres", "valkey", "worker", "rescans", "beat", "web")]

    assert [os.getsid(pid) for pid in parts] == parts


def test_static_files_come_under_names_that_change_with_their_content(dashboard):
    status, page = dashboard.get("/accounts/login/")
    stylesheet = re.search(r'href="(/static/css/[^"]+\.[0-9a-f]{12}\.css)"', page)

    assert status == 200
    assert dashboard.get(stylesheet[1])[0] == 200


def test_a_request_does_not_get_https_by_saying_so(dashboard):
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example.com"}

    status, page = dashboard.get("/accounts/login/", **headers)

    assert status == 200
    assert "evil.example.com" not in page


def test_no_child_was_left_behind_by_starting(dashboard):
    heads = psutil.Process(dashboard.process.pid).children()

    assert len(heads) == 6
