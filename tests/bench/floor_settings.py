"""The settings of the dashboard, for a web process that also has the floor's views."""

from dashboard.settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.floor"
