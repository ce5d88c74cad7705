"""From a bare Python to the dashboard: makes .venv, installs what is pinned, hands over. Standard library only.

Every Python 3 must be able to read this file, so that an old one can be told that it is too old.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys

OLDEST = (3, 11)
PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(PROJECT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
STAMP = os.path.join(VENV, "installed")
CANDIDATES = ("python3.14", "python3.13", "python3.12", "python3.11", "python3")
REQUIREMENTS = {"run": ["requirements.txt"], "tools": ["requirements.txt", "requirements-dev.txt"]}
VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"


class CannotInstall(Exception):
    """The text is one sentence that says what to do."""


def main(what):
    """`run` starts the dashboard; `tools` only installs what tests need, too."""
    try:
        with locked(PROJECT):
            install(REQUIREMENTS[what])
    except CannotInstall as problem:
        sys.exit(str(problem))
    except KeyboardInterrupt:
        sys.exit("Interrupted. The next start goes on from here.")
    if what == "run":
        os.chdir(PROJECT)
        os.execv(PYTHON, [PYTHON, "-m", "dashboard.stack"])  # so that signals reach it


class locked:
    """Whoever else installs here at the same time waits. The lock lies on the folder itself."""

    def __init__(self, folder):
        self.folder = folder

    def __enter__(self):
        self.handle = os.open(self.folder, os.O_RDONLY)
        fcntl.flock(self.handle, fcntl.LOCK_EX)

    def __exit__(self, *_):
        os.close(self.handle)


def install(files):
    """See that .venv holds what `files` pin. One that was cut off in the making is made anew."""
    wanted = [fingerprint(name) for name in files]
    had = stamps()
    if is_usable(PYTHON) and set(wanted) <= set(had):
        return
    if not os.access(PROJECT, os.W_OK):
        raise CannotInstall("%s cannot be written: it has to hold .venv; make it yours, or copy it." % PROJECT)
    if not (is_usable(PYTHON) and had):
        make_venv(find_python())
    if os.path.exists(STAMP):
        os.remove(STAMP)
    pip_install(files)
    with open(STAMP, "w") as stamp:
        stamp.write("\n".join(wanted) + "\n")


def stamps():
    """The fingerprints of what was installed to the end; none where an installation was cut off."""
    if not os.path.exists(STAMP):
        return []
    with open(STAMP) as stamp:
        return stamp.read().split("\n")[:-1]


def fingerprint(name):
    with open(os.path.join(PROJECT, name), "rb") as requirements:
        return "%s %s" % (name, hashlib.sha256(requirements.read()).hexdigest())


def is_usable(python):
    return tuple(int(part) for part in (answer(python, VERSION) or "0.0").split(".")) >= OLDEST


def answer(python, code):
    """What `code` prints under that Python; None where there is no such Python, or it fails."""
    try:
        done = subprocess.Popen([python, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError:
        return None
    said = done.communicate()[0].decode().strip()
    return None if done.returncode else said


def find_python():
    """A Python that is new enough: the one in PYTHON and no other, else the first of the usual names."""
    named = os.environ.get("PYTHON")
    for python in [named] if named else CANDIDATES:
        if is_usable(python):
            return python
    found = answer(named or "python3", VERSION)
    have = "%s is Python %s" % (named or "python3", found) if found else "there is no %s" % (named or "python3")
    raise CannotInstall(
        "The dashboard needs Python 3.11 or newer, and %s: install a newer one, or name it, as in"
        " PYTHON=/usr/bin/python3.12 make run." % have
    )


def make_venv(python):
    if answer(python, "import venv, ensurepip") is None:
        raise CannotInstall(
            "This Python (%s) cannot make virtual environments: install its venv module (on Debian and Ubuntu:"
            " apt-get install python3-venv), then start again." % python
        )
    tell("Making .venv with Python %s" % answer(python, VERSION))
    done = subprocess.Popen([python, "-m", "venv", "--clear", VENV], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = done.communicate()[0].decode(errors="replace")
    if done.returncode:
        raise CannotInstall(why_not(said, "The virtual environment %s could not be made" % VENV))


def pip_install(files):
    tell("Installing what %s pin%s; the first time this takes a minute" % (" and ".join(files), "s"[len(files) - 1 :]))
    command = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    for name in files:
        command += ["-r", name]
    done = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = done.communicate()[0].decode(errors="replace")
    if done.returncode:
        sys.stderr.write(said)
        raise CannotInstall(why_not(said, "pip could not install the requirements, for the reason above"))


def why_not(said, else_this):
    if "No space left on device" in said or shutil.disk_usage(PROJECT).free < 1000000:
        return "The disk of %s is full: free about 500 MB and start again." % PROJECT
    if "Permission denied" in said:
        return "%s cannot be written: make it yours, remove it, or use a copy of the project." % VENV
    return "%s: %s" % (else_this, (said.strip().split("\n") or [""])[-1])


def tell(words):
    sys.stderr.write(words + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
