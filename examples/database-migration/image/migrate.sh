#!/bin/sh
# Applies the files of migrations/ that this database has not seen yet, in the order of their names, each in one
# transaction together with the note that it was applied.
set -eu
export PGOPTIONS='--client-min-messages=warning'

database() {
  psql "$DATABASE_URL" --no-psqlrc --quiet --set ON_ERROR_STOP=1 "$@"
}

database --command 'CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())'

for file in "$(dirname "$0")"/migrations/*.sql; do
  name=$(basename "$file" .sql)
  if [ -z "$(database --tuples-only --command "SELECT 1 FROM schema_migrations WHERE name = '$name'")" ]; then
    echo "applying $name"
    # In one go: psql writes an error in pieces, each of which could become a line of the log.
    said=$(database --single-transaction --file "$file" --command "INSERT INTO schema_migrations (name) VALUES ('$name')" 2>&1) || {
      status=$?
      echo "$said" >&2
      exit $status
    }
  fi
done
echo 'the database is up to date'
