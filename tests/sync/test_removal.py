"""What a read leaves behind goes with its server, table by table."""

from django.apps import apps

from replicas_app import servers
from replicas_app.models import BackupServer
from tests.syncing import do_sync


def test_nothing_of_a_server_that_was_read_is_left_when_it_is_removed(simulator, server):
    do_sync(server)
    do_sync(server, full="")

    servers.remove(server)

    tables = [model for model in apps.get_app_config("replicas_app").get_models() if leads_to_a_server(model)]
    assert {model.__name__: model.objects.count() for model in tables} == dict.fromkeys(
        [model.__name__ for model in tables], 0
    )
    assert BackupServer.objects.count() == 0


def leads_to_a_server(model: type) -> bool:
    return any(field.related_model is BackupServer for field in model._meta.get_fields() if field.concrete)
