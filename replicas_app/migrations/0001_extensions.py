from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations


class Migration(migrations.Migration):
    """pg_trgm serves the searches by name. It is a trusted extension: the owner of the database may create it."""

    initial = True
    operations = [TrigramExtension()]
