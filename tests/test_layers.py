"""The rooms of the house: a room may import only from rooms below it, and two rooms import nothing of ours at all."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BELOW = {
    "dashboard": {"urls", "tasks", "views", "pulse", "models", "base"},
    "urls": {"views"},
    "views": {
        "views",
        "pages",
        "tasks",
        "pulse",
        "sync",
        "rescans",
        "doctor",
        "servers",
        "history",
        "connections",
        "models",
        "base",
    },
    "tasks": {"sync", "rescans", "doctor", "retention", "pulse", "models", "base"},
    "management": {
        "pages",
        "tasks",
        "sync",
        "rescans",
        "doctor",
        "servers",
        "history",
        "connections",
        "models",
        "vbr",
        "simulator",
        "base",
    },
    "templatetags": {"pages", "pulse", "models", "base"},
    "pages": {"pages", "pulse", "models", "base"},
    "pulse": {"models", "base"},
    "sync": {"sync", "connections", "vbr", "models", "base"},
    "rescans": {"rescans", "sync", "connections", "vbr", "models", "base"},
    "doctor": {"doctor", "connections", "vbr", "models", "base"},
    "servers": {"servers", "sync", "connections", "vbr", "models", "base"},
    "history": {"models", "base"},
    "retention": {"models", "base"},
    "connections": {"connections", "vbr", "models", "base"},
    "models": {"models", "base"},
    "base": {"base"},
    "vbr": {"vbr"},
    "simulator": {"simulator"},
}
"""Room → the rooms that it may import from. What is not named here is not allowed."""

ROOM_OF_MODULE = {
    "choices": "base",
    "cool_down": "base",
    "release": "base",
    "text": "base",
    "times": "base",
    "crypt": "base",
    "locks": "base",
    "schema": "base",
    "apps": "base",
    "knock": "connections",
    "filters": "pages",
    "charts": "pages",
    "exports": "pages",
    "timeline": "pages",
    "context": "pages",
    "freshness": "pages",
    "notices": "pages",
    "overview": "pages",
    "people": "pages",
    "migrations": None,
}
DJANGO_FREE = ("vbr", "simulator")


def room_of(module: str) -> str | None:
    """The room of a dotted module of ours; None for what has no room (migrations, other people's packages)."""
    package, _, rest = module.partition(".")
    if package == "dashboard":
        return "dashboard"
    if package != "replicas_app" or not rest:
        return None
    first = rest.partition(".")[0]
    return ROOM_OF_MODULE.get(first, first)


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def our_modules() -> list[Path]:
    return sorted([*ROOT.glob("replicas_app/**/*.py"), *ROOT.glob("dashboard/**/*.py")])


def source_of(node: ast.ImportFrom, path: Path) -> str:
    """The absolute name of the module that is imported from."""
    if not node.level:
        return node.module
    package = path.relative_to(ROOT).parts[: -node.level]
    return ".".join([*package, *filter(None, [node.module])])


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            source = source_of(node, path)
            found |= {f"{source}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", our_modules(), ids=module_of)
def test_a_module_imports_only_from_rooms_below_its_own(path):
    room = room_of(module_of(path))
    if room is None:
        pytest.skip("has no room")

    wrong = {name for name in imports_of(path) if (there := room_of(name)) and there not in BELOW[room] | {room}}

    assert wrong == set()


@pytest.mark.parametrize("room", DJANGO_FREE)
def test_client_and_simulator_know_nothing_of_django(room):
    found = {name for path in ROOT.glob(f"replicas_app/{room}/**/*.py") for name in imports_of(path)}

    assert {name for name in found if name.split(".")[0] in {"django", "celery"}} == set()
