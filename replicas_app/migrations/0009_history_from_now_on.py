from django.db import migrations


class Migration(migrations.Migration):
    """Until now nothing was kept of what changed on restore points: their past before this cannot be rebuilt."""

    dependencies = [("replicas_app", "0008_history_that_is_kept")]

    operations = [
        migrations.RunSQL(
            "UPDATE backup_server SET history_from = now() WHERE last_attempt_at IS NOT NULL",
            migrations.RunSQL.noop,
        ),
    ]
