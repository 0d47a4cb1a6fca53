"""Debian's packages that the tests start servers from."""

import os
import shutil
import subprocess
import sys
from pathlib import Path


def binary(name: str, package: str) -> Path:
    """Return the program's path; as root, Debian's package is installed where it is missing."""
    found = _find(name)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        sys.stderr.write(f"No {name} here: installing Debian's {package}\n")
        _install(package)
        found = _find(name)
    if found is None:
        raise AssertionError(f"These tests need {name}. Debian: apt install postgresql redis-server.")
    return found


def _find(name: str) -> Path | None:
    # Debian keeps initdb and postgres off the PATH, a folder for each version.
    places = [Path(found).resolve().parent] if (found := shutil.which(name)) else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: -float(place.parent.name))
    return next((place / name for place in places if (place / name).is_file()), None)


def _install(package: str) -> None:
    # Without a cluster or a service of its own: only the programs are wanted.
    settings = Path("/etc/postgresql-common/createcluster.conf")
    if package == "postgresql" and not settings.exists():
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text("create_main_cluster = false\n")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    keep = ["-o", "Dpkg::Options::=--force-confold"]
    for command in (["update"], ["install", "-y", "--no-install-recommends", *keep, package]):
        subprocess.run(["apt-get", "-qq", *command], env=quiet, capture_output=True, check=False)
