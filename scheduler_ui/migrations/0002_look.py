"""On PostgreSQL the runaway brake (engine/brakes.py) takes its lock and looks in one step, and so within a claim's one
statement: what a volatile function asks sees all that was committed before, also by whoever held the lock.
"""

from django.db import migrations

CREATE = """
CREATE OR REPLACE FUNCTION scheduler_ui_look(
    a_lock bigint, an_account bigint, a_text text, own bigint,
    sent_after timestamptz, same_after timestamptz, same_for_after timestamptz, most bigint,
    OUT sent bigint, OUT is_repeated boolean
) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(a_lock);
    -- In the index's order: planned without knowing how many there are, it would else read the table.
    SELECT count(*) INTO sent FROM (
        SELECT 1 FROM scheduler_ui_delivery
         WHERE account_id = an_account AND marked_at > sent_after AND id <> own
         ORDER BY marked_at DESC LIMIT most
    ) AS lately;
    is_repeated := EXISTS (
        SELECT 1 FROM scheduler_ui_delivery
         WHERE account_id = an_account AND text_sha256 = a_text AND text_sha256 <> '' AND marked_at > same_after
           AND scheduled_for > same_for_after AND id <> own
           AND status IN ('publishing', 'processing', 'published', 'unconfirmed')
    );
END
$$
"""
DROP = "DROP FUNCTION IF EXISTS scheduler_ui_look"


def _create(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(CREATE)


def _drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(DROP)


class Migration(migrations.Migration):
    dependencies = [("scheduler_ui", "0001_initial")]
    operations = [migrations.RunPython(_create, _drop)]
