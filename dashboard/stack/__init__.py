"""The local stack behind `make run`: embedded Postgres and Valkey, migrations, worker, beat, web, kept up together."""
