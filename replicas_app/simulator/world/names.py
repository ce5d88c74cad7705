"""Names as people give them: most of them plain, some with every sign that breaks somebody's page, query or export."""

from random import Random

SITES = ("Frankfurt", "Zürich", "Lyon", "Oslo", "Gdańsk", "Madrid", "Leeds", "Wien")
SUBJECTS = ("Billing", "ERP", "Web", "Files", "Mail", "SQL", "Directory", "CRM", "Archive", "Build")
ROLES = ("web", "sql", "app", "dc", "file", "mail", "proxy", "erp", "build", "log")

ODD_JOBS = (
    'Ärzte & Büro "Nord"',
    "100% SLA_web",
    "sql*cluster",
    r"C:\temp\new jobs",
    "O'Brien <files>",
    "🚀 Launch; DROP",
    "東京 DR",
    "Straße 7/8 #2 + 1?",
)
ODD_VMS = (
    "Büro-Server 3",
    "exch%01_a",
    "app*star*",
    'said "hello"',
    r"legacy\node",
    "λ-compute 🧪",
    "  spaced  out",
    "It's_100%",
    "=1+1",
    "web0001,5;x",
)


def job_name(number: int, odd: bool, chance: Random) -> str:
    if odd:
        return f"{ODD_JOBS[number // 20 % len(ODD_JOBS)]}{_again(number, len(ODD_JOBS))}"
    return f"DR {chance.choice(SITES)} {chance.choice(SUBJECTS)} {number + 1:02d}"


def vm_name(number: int, odd: bool, chance: Random) -> str:
    if odd:
        return f"{ODD_VMS[number % len(ODD_VMS)]}{_again(number, len(ODD_VMS) * 40)}"
    return f"{chance.choice(ROLES)}{number + 1:02d}-{chance.choice(SITES).lower()[:3]}"


def _again(number: int, names: int) -> str:
    """A suffix once the list of names has been used up."""
    turn = number // 20 // names
    return f" ({turn + 1})" if turn else ""
