"""The calm block that says: it runs, and this is how to use it."""

import asyncio
import json

from django.conf import settings

from dashboard.stack import door, parts
from dashboard.stack.launcher import Launcher


async def welcome(launcher: Launcher, seconds: float) -> None:
    said = json.loads(await asyncio.to_thread(parts.readiness, launcher.door) or "{}")
    reasons = said.get("reasons", ["the web does not answer"])
    title = f"The dashboard runs, but cannot work yet: {', '.join(reasons)}" if reasons else "The dashboard is ready"
    facts = {
        "Open": settings.PUBLIC_URL or door.address(launcher.door),
        "Log in": login(launcher.facts),
        "Data": f"{launcher.data}  (database, queue and keys: back up the whole folder)",
    }
    if launcher.demo:
        names = " and ".join(server.name for server in launcher.demo)
        facts["Demo"] = f"{names}, simulated backup servers (DEMO=0 leaves them out)"
    facts["Stop"] = "Ctrl-C"
    launcher.console.block(f"{title}  ({seconds:.1f} s)", facts)


def login(facts: dict[str, str]) -> str:
    if facts["password"]:
        return f"{facts['username']}  {facts['password']}  (also in {settings.DATA_DIR / 'first-login.txt'})"
    if facts["username"]:
        return f"{facts['username']}  with the password in ADMIN_PASSWORD"
    return "with the name and password that you chose"
