"""The Django project: settings, doors to the web and to the queue, and the local stack behind `make run`."""

from dashboard.celery import app as celery_app

__all__ = ["celery_app"]
