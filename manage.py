#!/usr/bin/env python3
"""The shell's door to the dashboard: `manage.py help` lists what it can do."""

import os
import sys

from dashboard import shell

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    shell.run(sys.argv)
