"""The browser for browser tests: `python -m tests.chromium` sees to it that there is one, or says loudly that not."""

import os
import shutil
import subprocess
import sys

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
WITHOUT = (
    "WebUIOmniboxPopup,WebUIOmniboxAimPopup,"
    "AimEnabled,AvoidCorsURLLoaderRestartOnRedirect,AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,"
    "HttpsFirstBalancedModeAutoEnable,HttpsUpgrades,LensOverlay,MediaRouter,NetworkTimeServiceQuerying,"
    "OptimizationHints,PaintHolding,PreconnectToSearch,TcpPortRandomizationWin,ThirdPartyStoragePartitioning,"
    "msForceBrowserSignIn"
)
"""The pages for its address bar that Chromium makes with each page of ours, and at a higher price; then what Playwright
has it do without: of two such lists the last one counts."""
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", f"--disable-features={WITHOUT}"]
PATIENCE_MILLISECONDS = 20_000
"""How long a test waits for what a page should do."""
NONE = "NO CHROMIUM could be found or installed: all browser tests will be {fate}."


def find() -> str:
    """The path of a Chromium: the one on PATH, else Playwright's own; empty where there is none."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if os.path.exists(own) else ""  # noqa: PTH110


def install() -> None:
    """Debian's package where we may install it, else Playwright's own. Whether it worked is for `find` to see."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"], check=False)
    if not find():
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main() -> None:
    if not find():
        install()
    if not find():
        print(NONE.format(fate="failed" if os.environ.get("CI") else "skipped"), file=sys.stderr)


if __name__ == "__main__":
    main()
