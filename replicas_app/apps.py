from django.apps import AppConfig


class ReplicasAppConfig(AppConfig):
    name = "replicas_app"
    verbose_name = "Replicas"
