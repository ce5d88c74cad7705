"""Lists as files: every row of a list as it stands, its filters and its order, straight from Postgres."""

from replicas_app.exports.formats import FORMATS
from replicas_app.exports.sheets import POINTS, REPLICAS, RESCANS, VMS, Sheet
from replicas_app.exports.stream import Stream

__all__ = ["FORMATS", "POINTS", "REPLICAS", "RESCANS", "VMS", "Sheet", "Stream"]
