"""Sync: fetch, stage, merge of one server. Plain functions; what is being done stands in `SyncRun` rows."""

from replicas_app.sync.perform import sync
from replicas_app.sync.runs import accept_drop, close_orphans, request, request_due, stop, take_unheard

__all__ = ["accept_drop", "close_orphans", "request", "request_due", "stop", "sync", "take_unheard"]
