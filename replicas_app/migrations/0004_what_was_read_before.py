from django.db import migrations


class Migration(migrations.Migration):
    """Until now every sync was a full sweep."""

    dependencies = [("replicas_app", "0003_sweeps_and_history")]

    operations = [
        migrations.RunSQL("UPDATE sync_run SET is_full = true", migrations.RunSQL.noop),
        migrations.RunSQL("UPDATE backup_server SET last_full_at = last_success_at", migrations.RunSQL.noop),
    ]
