# Stands for Alembic or for `manage.py migrate`. Where the database is, the environment says.
import psycopg

with psycopg.connect(sslmode="require") as connection:
    connection.execute("CREATE TABLE IF NOT EXISTS orders (id uuid PRIMARY KEY, total_cents integer NOT NULL)")
print("The shop is migrated.")
