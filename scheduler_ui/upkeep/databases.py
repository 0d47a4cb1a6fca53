"""A second database beside the one in use: opened, brought to a state of the migrations, looked at, let go."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Model
from django.db.utils import ProgrammingError

from scheduler_ui.models import User, Workspace

Node = tuple[str, str]
SQLITE = "django.db.backends.sqlite3"
# Worth nothing in another database.
NOT_KEPT = {"scheduler_ui_worker"}
# Whoever reads a backup must not be able to sign in with it.
SIGN_INS = {"django_session"}


@contextmanager
def opened(alias: str, settings: dict[str, Any]) -> Iterator[str]:
    """A connection under `alias` for as long as it is needed."""
    known = connections.configure_settings({"default": {}, alias: settings})
    connections.settings[alias] = known[alias]
    try:
        yield alias
    finally:
        connections[alias].close()
        del connections[alias]
        del connections.settings[alias]


def file(path: Path) -> dict[str, Any]:
    # Nobody else has it, and it is verified when it is whole: a flush for each transaction would buy nothing.
    calm = "PRAGMA journal_mode=DELETE; PRAGMA synchronous=OFF; PRAGMA foreign_keys=ON"
    return {"ENGINE": SQLITE, "NAME": str(path), "OPTIONS": {"init_command": calm, "transaction_mode": "IMMEDIATE"}}


def nodes(alias: str = "default") -> list[Node]:
    """The migrations that a database has, sorted; none where it has no tables yet."""
    return sorted(MigrationRecorder(connections[alias]).applied_migrations())


def unknown(found: list[Node]) -> list[Node]:
    """Migrations of ours that this program does not have: a newer one made that database."""
    known = MigrationLoader(None).disk_migrations
    ours = {app for app, _name in known}
    return [node for node in found if node[0] in ours and node not in known]


def pending(alias: str = "default") -> list[Node]:
    """What `migrate` would apply."""
    executor = MigrationExecutor(connections[alias])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [(migration.app_label, migration.name) for migration, _backwards in plan]


def bring_to(alias: str, found: list[Node]) -> None:
    """Make the tables that a database with these migrations has."""
    executor = MigrationExecutor(connections[alias])
    graph = executor.loader.graph
    known = {node for node in found if node in graph.nodes}
    # The last of each app: asking for an earlier one would mean going back to it.
    last = [
        node for node in known if not any(c.key in known and c.key[0] == node[0] for c in graph.node_map[node].children)
    ]
    executor.migrate(sorted(last))


def models(found: list[Node]) -> list[type[Model]]:
    """The tables of these migrations as models, each after those that it points to."""
    loader = MigrationLoader(None)
    known = [node for node in found if node in loader.disk_migrations]
    state = loader.project_state(known)
    waiting = [model for model in state.apps.get_models(include_auto_created=True) if model._meta.managed]
    done: list[type[Model]] = []
    while waiting:
        ready = [model for model in waiting if not _needs(model) - {each._meta.db_table for each in done}]
        if not ready:
            raise RuntimeError("Tables that point to each other in a ring cannot be copied.")
        done += sorted(ready, key=lambda model: model._meta.db_table)
        waiting = [model for model in waiting if model not in ready]
    return [model for model in done if model._meta.db_table not in NOT_KEPT]


def _needs(model: type[Model]) -> set[str]:
    pointed = {field.related_model for field in model._meta.concrete_fields if field.is_relation}
    return {each._meta.db_table for each in pointed if each is not None and each is not model}


def is_there(alias: str = "default") -> bool:
    """Whether there is a database at all: SQLite would make an empty file of whoever asks."""
    settings = connections[alias].settings_dict
    return settings["ENGINE"] != SQLITE or Path(settings["NAME"]).exists()


def has_people(alias: str = "default") -> bool:
    """Whether somebody works with it: an empty one may be filled, this one may not."""
    if not is_there(alias):
        return False
    tables = connections[alias].introspection.table_names()
    if User._meta.db_table not in tables:
        return False
    try:
        return User.objects.using(alias).exists() or Workspace.objects.using(alias).exists()
    except ProgrammingError:
        return True
