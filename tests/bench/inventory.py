"""A large inventory, made once in a bench and then put back for every case that reads it."""

from replicas_app import crypt
from replicas_app.choices import TrustMode
from replicas_app.models import BackupServer
from replicas_app.sync import synthetic
from tests.bench.bench import Bench

SERVERS = 4
REPLICAS = 100_000
VMS = 2
POINTS_PER_VM = 5


def loaded(bench: Bench, share: float = 1) -> None:
    """The database holds this share of 100,000 replicas and 1,000,000 points, on four servers, and nothing else."""
    replicas = bench.sized(round(REPLICAS * share))
    name = f"inventory_{replicas}"
    if bench.has(name):
        bench.back_to(name)
        return
    bench.back_to()
    for number in range(1, SERVERS + 1):
        server = BackupServer.objects.create(
            name=f"vbr-{number}",
            base_url=f"https://vbr-{number}.invalid:9419",
            username="nobody",
            password_encrypted=crypt.encrypt(""),
            trust=TrustMode.SYSTEM,
            is_enabled=False,
        )
        synthetic.load(server, -(-replicas // SERVERS), VMS, POINTS_PER_VM)
        bench.say(f"{number} of {SERVERS} servers with {replicas * VMS * POINTS_PER_VM:,} points in all are loaded")
    bench.vacuum()
    bench.keep(name)
