"""`make service`: let systemd start Punctual at boot, from this folder, as whoever it belongs to."""

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

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
    path = place(prefix, is_root)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(unit(is_root))
    print(f"Written: {path}")
    for command in commands(is_root):
        print(" ".join(command))
        if not prefix and subprocess.run(command, check=False).returncode:
            sys.exit("That did not work; the lines above say why.")


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
