"""The project's settings in a folder of their own that goes when the run ends, blind to the developer's `.env`.

On the shape of one machine, or, with TEST_SHAPE=grown, on the servers that `tests/grown.py` has started.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_shared_memory = Path("/dev/shm")  # a test's fsync costs nothing there
_folder = tempfile.mkdtemp(prefix="punctual-tests-", dir=_shared_memory if os.access(_shared_memory, os.W_OK) else None)
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
_is_grown = os.environ.get("TEST_SHAPE") == "grown"
_bucket = ("S3_BUCKET", "S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY", "S3_REGION")

for _name in (
    "DATABASE_URL",
    "REDIS_URL",
    "PUBLIC_URL",
    "EMAIL_URL",
    "SCHEDULING_ENABLED",
    "ALLOW_PRIVATE_TARGETS",
    "DEBUG",
    "STATIC_ROOT",
    *([] if _is_grown else _bucket),
):
    os.environ.pop(_name, None)
if _is_grown:
    from tests.rig.servers import KEYS

    # As each process of pytest-xdist has a database of its own, so it has one of Redis's sixteen.
    _number = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    _redis = os.environ["TEST_REDIS_URL"].rpartition("/")[0]
    os.environ.update(KEYS, DATABASE_URL=os.environ["TEST_DATABASE_URL"], REDIS_URL=f"{_redis}/{_number}")
os.environ.update(DATA_DIR=_folder, ENV_FILE=os.devnull, DJANGO_ALLOW_ASYNC_UNSAFE="1")

from project.settings import *  # noqa: E402, F403
from project.settings import DATABASES, STATIC_ROOT, STORAGES  # noqa: E402

if not _is_grown:
    # A file, not memory: the engine's tests claim from several threads and processes at once.
    DATABASES["default"]["TEST"] = {"NAME": f"{_folder}/test.sqlite3"}
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
# Whitenoise warns of a folder that is not there; the tests' server finds the files where they are written.
STATIC_ROOT.mkdir()
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
