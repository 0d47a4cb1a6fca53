"""A backup: one zip file with the database, the media and a manifest, verified after it was written."""

import errno
import hashlib
import io
import json
import os
import sqlite3
import tempfile
import tomllib
import zipfile
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection
from django.utils.translation import gettext as _

from scheduler_ui.domain.refusals import Refused
from scheduler_ui.upkeep import databases, snapshots

FORMAT = 1
DATABASE, MANIFEST = "database.sqlite3", "manifest.json"
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
BLOCK = 1 << 20


@dataclass(frozen=True)
class Parts:
    """What goes in beside the database."""

    media: bool = True
    keys: bool = False


@dataclass(frozen=True)
class Archive:
    """A backup that was read and found whole. `moment` is aware UTC."""

    path: Path
    moment: datetime
    version: str
    migrations: list[databases.Node]
    rows: int
    media: int
    missing: list[str]
    has_keys: bool
    token_keys: str


def write(path: Path, now: datetime, parts: Parts) -> Archive:
    """Write a backup of all that is committed at `now`, or nothing at all. Raises Refused."""
    if path.exists():
        raise Refused(_("%(path)s is there already.") % {"path": path})
    part = path.with_name(f".{path.name}.part")
    try:
        _refuse_nothing()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(part, now, parts)
        found = read(part)
        part.replace(path)
        flush_folder(path.parent)
    except (OSError, sqlite3.Error, DatabaseError) as error:
        raise Refused(_told(error, path)) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return Archive(**{**vars(found), "path": path})


def read(path: Path) -> Archive:
    """Look at every byte of a backup. Raises Refused where it is not one, or not whole."""
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = json.loads(archive.read(MANIFEST))
            if manifest["format"] != FORMAT:
                raise Refused(_("A newer Punctual made %(path)s: upgrade this one first.") % {"path": path})
            for name, (size, sha256) in manifest["files"].items():
                with archive.open(name) as file:
                    if _sum(file) != (size, sha256):
                        raise Refused(_("%(path)s is damaged: %(name)s.") % {"path": path, "name": name})
            _check_database(archive)
    except FileNotFoundError:
        raise Refused(_("There is no file %(path)s.") % {"path": path}) from None
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, sqlite3.Error) as error:
        raise Refused(_("%(path)s is no backup of Punctual, or a damaged one.") % {"path": path}) from error
    return Archive(
        path=path,
        moment=datetime.fromisoformat(manifest["made_at"]),
        version=manifest["version"],
        migrations=[(app, name) for app, name in manifest["migrations"]],
        rows=sum(manifest["rows"].values()),
        media=sum(name.startswith("media/") for name in manifest["files"]),
        missing=manifest["missing"],
        has_keys=any(name.startswith("keys/") for name in manifest["files"]),
        token_keys=manifest["token_keys"],
    )


def token_keys() -> str:
    """Tells whether two installations can read each other's sign-ins, and nothing about the keys."""
    return hashlib.sha256(b"punctual backup " + settings.TOKEN_KEYS[0].encode()).hexdigest()[:16]


def version() -> str:
    project = tomllib.loads((Path(settings.BASE_DIR) / "pyproject.toml").read_text())["project"]
    return str(project["version"])


def _refuse_nothing() -> None:
    """A shell that does not see the service's settings would find, night after night, an empty database of its own."""
    if databases.has_people():
        return
    name = connection.settings_dict["NAME"]
    sentence = _("There is nothing to back up: nobody uses the database %(name)s.")
    asks = _("Does this shell have Punctual's settings (.env, ENV_FILE, DATA_DIR)?")
    raise Refused(f"{sentence} {asks}" % {"name": name})


def _write(part: Path, now: datetime, parts: Parts) -> None:
    part.unlink(missing_ok=True)
    with snapshots.taken(part.parent) as snapshot, part.open("xb") as out:
        part.chmod(0o600)
        with zipfile.ZipFile(out, "w") as archive:
            _fill(archive, snapshot, now, parts)
        out.flush()
        os.fsync(out.fileno())


def _fill(archive: zipfile.ZipFile, snapshot: Path, now: datetime, parts: Parts) -> None:
    files, missing = {}, []
    with snapshot.open("rb") as file:
        files[DATABASE] = _add(archive, DATABASE, file, zipfile.ZIP_DEFLATED)
    with databases.opened("snapshot", databases.file(snapshot)) as alias:
        found = databases.nodes(alias)
        models = databases.models(found)
        rows = {model._meta.db_table: model._base_manager.using(alias).count() for model in models}
        for name in snapshots.media_of(models, alias) if parts.media else ():
            try:
                with default_storage.open(name) as file:
                    files[f"media/{name}"] = _add(archive, f"media/{name}", file, zipfile.ZIP_STORED)
            except FileNotFoundError:
                missing.append(name)
    for name, keys in _keys().items() if parts.keys else ():
        files[f"keys/{name}"] = _add(archive, f"keys/{name}", io.BytesIO("\n".join(keys).encode()), zipfile.ZIP_STORED)
    manifest = {"format": FORMAT, "made_at": now.isoformat(), "version": version(), "vendor": connection.vendor}
    manifest |= {"migrations": found, "rows": rows, "files": files, "missing": missing, "token_keys": token_keys()}
    archive.writestr(MANIFEST, json.dumps(manifest, indent=1))


def _keys() -> dict[str, list[str]]:
    """As the files in DATA_DIR hold them, the newest first."""
    secret = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return {"secret_key": secret, "token_keys": settings.TOKEN_KEYS, "queue_keys": settings.QUEUE_KEYS}


def _add(archive: zipfile.ZipFile, name: str, file: Any, how: int) -> tuple[int, str]:
    info = zipfile.ZipInfo(name)
    info.compress_type, info.external_attr = how, 0o600 << 16
    digest, size = hashlib.sha256(), 0
    with archive.open(info, "w", force_zip64=True) as into:
        while block := file.read(BLOCK):
            into.write(block)
            digest.update(block)
            size += len(block)
    return size, digest.hexdigest()


def _sum(file: Any) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    while block := file.read(BLOCK):
        digest.update(block)
        size += len(block)
    return size, digest.hexdigest()


def _check_database(archive: zipfile.ZipFile) -> None:
    with tempfile.TemporaryDirectory(prefix="punctual-") as scratch:
        path = archive.extract(DATABASE, scratch)
        with closing(sqlite3.connect(path)) as database:
            said = database.execute("PRAGMA integrity_check").fetchone()[0]
    if said != "ok":
        raise ValueError(said)


def flush_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _told(error: Exception, path: Path) -> str:
    words = {"path": path, "error": error}
    if getattr(error, "errno", None) in FULL or "full" in str(error):
        return _("The disk is full: there is no room for %(path)s, and nothing of it was left.") % words
    return _("%(path)s could not be written: %(error)s") % words
