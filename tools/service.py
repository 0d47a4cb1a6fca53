"""`make service`: let systemd start Punctual at boot, from this folder, as whoever it belongs to."""

import os
import pwd
import re
import shutil
import subprocess
import sys
from pathlib import Path

from project import environment

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "deploy" / "systemd" / "punctual.service"
NAME = "punctual.service"


def main() -> None:
    # Where a package is being built, or a test looks on: the file goes under it, and nothing is started.
    prefix = os.environ.get("PREFIX", "")
    if not prefix and not Path("/run/systemd/system").is_dir():
        sys.exit(
            "There is no systemd on this machine. Let what starts other programs at boot run this: "
            f"cd {ROOT} && make run"
        )
    if " " in str(ROOT):
        sys.exit(f"systemd cannot start what lies in a folder with a space in its name: {ROOT}")
    is_root = os.geteuid() == 0
    forget_this_shell()
    if is_root:
        hand_over()
    path = place(prefix, is_root)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(unit(is_root))
    print(f"Written: {path}")
    for command in commands(is_root):
        print(" ".join(command))
        if not prefix and subprocess.run(command, check=False).returncode:
            sys.exit("That did not work; the lines above say why.")


def forget_this_shell() -> None:
    """The service reads the .env file; what this shell alone says does not reach it, and that is said."""
    known = re.findall(r"^#?([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    if lost := [name for name in known if os.environ.pop(name, None)]:
        sys.stderr.write(f"The service does not see {', '.join(lost)} of this shell: put it into {ROOT / '.env'}.\n")


def hand_over() -> None:
    """What root has just made in somebody's folder is theirs, or their next upgrade could not write there."""
    owner = ROOT.stat()
    for path in (ROOT / ".venv", data_dir()):
        if path.is_relative_to(ROOT) and path.exists() and path.stat().st_uid == 0 != owner.st_uid:
            subprocess.run(["chown", "-R", "-h", f"{owner.st_uid}:{owner.st_gid}", path], check=True)


def data_dir() -> Path:
    environment.read_file(ROOT / ".env")
    return ROOT / Path(environment.text("DATA_DIR", "data")).expanduser()


def place(prefix: str, is_root: bool) -> Path:
    if is_root:
        return Path(f"{prefix}/etc/systemd/system") / NAME
    home = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(f"{prefix}{home}/systemd/user") / NAME


def unit(is_root: bool) -> str:
    """The unit of this folder; for a user's own systemd without what only root may ask for."""
    lines = TEMPLATE.read_text().replace("/srv/punctual", str(ROOT)).splitlines()[1:]
    lines = [line.replace("/usr/bin/make", shutil.which("make") or "/usr/bin/make") for line in lines]
    if is_root:
        owner = pwd.getpwuid(ROOT.stat().st_uid).pw_name
        lines = [f"User={owner}" if line.startswith("User=") else line for line in lines]
        # `-`: where it is missing, it is for Punctual to say so.
        lines = [f"{line} -{data_dir()}" if line.startswith("ReadWritePaths=") else line for line in lines]
    else:
        lines = [line for line in lines if not line.startswith(("User=", "EnvironmentFile="))]
        lines = [line.replace("multi-user.target", "default.target") for line in lines]
        lines = [line for line in lines if "network-online" not in line]
    return "\n".join([f"# Made by `make service` in {ROOT}.", *lines]) + "\n"


def commands(is_root: bool) -> list[list[str]]:
    scope = [] if is_root else ["--user"]
    start = [["systemctl", *scope, "daemon-reload"], ["systemctl", *scope, "enable", "--now", NAME]]
    # Without it a user's services end when they sign out, and do not start at boot.
    return start if is_root else [*start, ["loginctl", "enable-linger"]]


if __name__ == "__main__":
    main()
