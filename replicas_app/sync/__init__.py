"""Sync: fetch, stage, merge of one server. Plain functions; what is being done stands in `SyncRun` rows."""

from replicas_app.sync.perform import sync
from replicas_app.sync.runs import close_orphans, request, request_due, stop, take_unheard

__all__ = ["close_orphans", "request", "request_due", "stop", "sync", "take_unheard"]
