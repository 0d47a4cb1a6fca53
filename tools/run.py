"""What `make run` does once the packages are there: check, prepare, then keep the Procfile's processes alive."""

import errno
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple, NoReturn, TextIO

from tools.supervisor import Supervisor, say

ROOT = Path(__file__).resolve().parent.parent
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}
HERE = {"127.0.0.1", "::1", "localhost", *ANYWHERE}


def main() -> None:
    if sys.argv[1:] not in ([], ["--demo"]):
        refuse("Usage: python -m tools.run [--demo]")
    demo = "--demo" in sys.argv
    os.umask(0o077)  # the database and what is uploaded are nobody else's to read
    settings = read_settings()
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = take_lock(settings.DATA_DIR / "run.lock", settings.DATA_DIR, local_url(settings))
    check_port(settings.HOST, settings.PORT)
    environment = child_environment(settings)
    words = prepare(environment, demo)
    supervisor = Supervisor(ROOT / "Procfile", environment, keep_open=lock.fileno())
    announce_later(settings, words, supervisor)
    sys.exit(supervisor.run())


class Settings(NamedTuple):
    HOST: str
    PORT: int
    PUBLIC_URL: str
    DATA_DIR: Path


def read_settings() -> Settings:
    """Read them in a process of its own, and take over what the .env file adds to the environment."""
    found = subprocess.run(
        [sys.executable, "-m", "tools.settings"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
    )
    if found.returncode:
        sys.exit(1)
    told = json.loads(found.stdout)
    os.environ.update(told["environment"])
    known = told["settings"]
    return Settings(**known | {"DATA_DIR": Path(known["DATA_DIR"])})


def take_lock(path: Path, folder: Path, url: str) -> TextIO:
    """Hold the folder for this run; the children hold it too, so that it is free only when the last of them is gone."""
    file = path.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        refuse(f"Punctual is already running on {folder} ({file.read().strip() or 'just starting'}).")
    file.truncate(0)
    file.write(f"process {os.getpid()}, {url}\n")
    file.flush()
    return file


def check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            refuse(why_not(error, host, port))


def why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use on {host}. Take another one, for example: PORT={port + 1} make run"
    if error.errno == errno.EACCES:
        return f"Port {port} is not for this user to open. Take one above 1023, for example: PORT=8000 make run"
    return f"HOST={host} is no address of this machine: {error.strerror}."


def child_environment(settings: Settings) -> dict[str, str]:
    commands = Path(sys.executable).parent
    return {
        # glibc would keep an arena of memory per thread.
        "MALLOC_ARENA_MAX": "2",
        **os.environ,
        "PATH": f"{commands}{os.pathsep}{os.environ.get('PATH', '')}",
        "DATA_DIR": str(settings.DATA_DIR),
        "HOST": f"[{settings.HOST}]" if ":" in settings.HOST else settings.HOST,
        "PORT": str(settings.PORT),
        "PYTHONUNBUFFERED": "1",
    }


def prepare(environment: dict[str, str], demo: bool) -> str:
    """Bring database and static files up to date; return the words for whoever opens the page next."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.default_int_handler)
    try:
        words = manage("prepare", environment)
        if demo:
            words = manage("seed_demo", environment)  # it makes the first user, so nobody needs the link
    except KeyboardInterrupt:
        sys.exit(130)
    return words.strip()


def manage(command: str, environment: dict[str, str]) -> str:
    # A session of its own: Ctrl+C ends it through this process, without a traceback in between.
    result = subprocess.run(
        [sys.executable, "manage.py", command],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        start_new_session=True,
    )
    if result.returncode:
        sys.exit(1)
    return result.stdout


def announce_later(settings: Settings, words: str, supervisor: Supervisor) -> None:
    """Tell the address as soon as it answers, and not before."""

    def announce() -> None:
        while not supervisor.is_ending and not answers(settings.HOST, settings.PORT):
            time.sleep(0.05)
        if not supervisor.is_ending:
            tell(settings, words)

    threading.Thread(target=announce, daemon=True).start()


def answers(host: str, port: int) -> bool:
    """Ask for a page, without a library for it: that would stay in memory for as long as this runs."""
    try:
        with socket.create_connection((ANYWHERE.get(host, host), port), timeout=10) as connection:
            connection.sendall(f"GET / HTTP/1.0\r\nHost: localhost:{port}\r\n\r\n".encode())
            return connection.recv(5) == b"HTTP/"
    except OSError:
        return False


def tell(settings: Settings, words: str) -> None:
    say(f"\nPunctual is at {settings.PUBLIC_URL or local_url(settings)}")
    if settings.PUBLIC_URL:
        say(f"(on this machine: {local_url(settings)})")
    elif settings.HOST not in HERE or settings.HOST in ANYWHERE:
        say("To open it from other machines, set PUBLIC_URL to the address that they use.")
    if words:
        say(words)
    say("Ctrl+C stops it.\n")


def local_url(settings: Settings) -> str:
    host = "localhost" if settings.HOST in HERE else settings.HOST
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.PORT}"


def refuse(words: str) -> NoReturn:
    sys.stderr.write(f"{words}\n")
    sys.exit(1)


if __name__ == "__main__":
    main()
