"""A Dockerfile followed step by step without an engine: each step runs in a root of its own, laid over this machine's.

Needs root, for the overlay and chroot; what it writes is thrown away.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

IN_ROOT = """
set -e
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount -t proc proc "$1/root/proc"
mount --rbind /dev "$1/root/dev"
# Not exec: whoever is the first process of a namespace takes all others with it when it is killed.
chroot --userspec="$2" "$1/root" /bin/sh -c "cd '$3' && $4" || exit $?
"""


def steps(dockerfile: Path) -> list[tuple[str, str]]:
    lines = [line for line in dockerfile.read_text().splitlines() if not line.startswith("#")]
    text = "\n".join(lines).replace("\\\n", " ")
    return [(word, rest.strip()) for word, rest in re.findall(r"^([A-Z]+) (.*)$", text, re.MULTILINE)]


def context(root: Path, into: Path) -> None:
    """What an engine would be sent: this repository through .dockerignore, which here only names what is let in."""
    for line in (root / ".dockerignore").read_text().splitlines():
        if not line.startswith("!"):
            continue
        source, target = root / line[1:], into / line[1:]
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        else:
            shutil.copy2(source, target)


class Image:
    def __init__(self, folder: Path, sent: Path):
        self.folder, self.sent = folder, sent
        self.env: dict[str, str] = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/tmp",
        }
        self.user, self.place = "root", "/"
        self.health: list[str] = []
        self.command: list[str] = []
        for name in ("upper", "work", "root"):
            (folder / name).mkdir(parents=True)
        self._lay_base()

    def follow(self, word: str, rest: str) -> None:
        getattr(self, f"_{word.lower()}")(rest)

    def start(self, command: list[str] | str, **env: str) -> subprocess.Popen[str]:
        """A process in it; all of what it starts ends with it."""
        line = command if isinstance(command, str) else shlex.join(command)
        script = ["/bin/sh", "-c", IN_ROOT, "in-root", str(self.folder), self.user, self.place, line]
        return subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", *script],
            env=self.env | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, command: list[str] | str, **env: str) -> tuple[int, str]:
        process = self.start(command, **env)
        said, _ = process.communicate(timeout=500)
        return process.returncode, said

    def _lay_base(self) -> None:
        """What `FROM python` brings: python and pip, for everybody to run."""
        python = Path(sys.executable).resolve()
        # pip puts programs beside the real one.
        self.env["PATH"] += f":{python.parent}"
        tools = self.folder / "upper" / "usr" / "local" / "bin"
        tools.mkdir(parents=True)
        (tools / "python").symlink_to(python)
        (tools / "pip").write_text('#!/bin/sh\nexec python -m pip "$@"\n')
        (tools / "pip").chmod(0o755)
        open_up = " ".join(shlex.quote(str(parent)) for parent in python.parents if parent != Path("/"))
        code, said = self.run(f"chmod o+x {open_up}")
        assert code == 0, said

    def _from(self, rest: str) -> None:
        version = re.match(r"python:(\d+\.\d+)-", rest)
        assert version, rest

    def _env(self, rest: str) -> None:
        self.env |= dict(part.split("=", 1) for part in shlex.split(rest))

    def _workdir(self, rest: str) -> None:
        (self.folder / "upper" / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
        self.place = rest

    def _run(self, rest: str) -> None:
        code, said = self.run(rest)
        assert code == 0, f"RUN {rest}\n{said[-3000:]}"

    def _copy(self, rest: str) -> None:
        *sources, target = rest.split()
        for source in sources:
            found, into = self.sent / source, self.folder / "upper" / self.place.lstrip("/") / target
            if target.endswith("/"):
                into = into / found.name
            into.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(found, into) if found.is_dir() else shutil.copy2(found, into)
        # As an engine would leave them: root's, and for everybody to read.
        for path in (self.folder / "upper" / self.place.lstrip("/")).rglob("*"):
            path.chmod(0o755 if path.is_dir() or (os.access(path, os.X_OK) and path.stat().st_mode & 0o100) else 0o644)

    def _user(self, rest: str) -> None:
        self.user = f"{rest}:{rest}"

    def _healthcheck(self, rest: str) -> None:
        self.health = json.loads(rest.split(" CMD ", 1)[1])

    def _cmd(self, rest: str) -> None:
        self.command = json.loads(rest)

    def _stopsignal(self, rest: str) -> None:
        assert rest == "SIGTERM"

    def _expose(self, rest: str) -> None:
        assert rest == self.env["PORT"]

    def _volume(self, rest: str) -> None:
        assert rest == self.env["DATA_DIR"]
