"""Fetch what `static/vendor/vendor.json` lists from its npm packages, checksums and all. For maintainers: needs npm.

python -m tools.vendor          fetch every file, refuse one that differs from its checksum
python -m tools.vendor --accept fetch every file, write the new checksums
"""

import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "static/vendor/vendor.json"
ICON = re.compile(r"<svg[^>]*>(.*?)</svg>", re.DOTALL)


def main(accept: bool) -> None:
    entries = json.loads(LIST.read_text())
    with tempfile.TemporaryDirectory() as scratch:
        for entry in entries:
            content = _content(entry, _unpacked(entry, Path(scratch)))
            digest = hashlib.sha256(content).hexdigest()
            if not accept and digest != entry["sha256"]:
                sys.exit(f"{entry['file']}: the package holds {digest}, vendor.json says {entry['sha256']}.")
            entry["sha256"] = digest
            (ROOT / entry["file"]).write_bytes(content)
            print(f"{entry['file']}  {entry['package']} {entry['version']}")
    if accept:
        _write_checksums(entries)


def _unpacked(entry: dict, scratch: Path) -> Path:
    folder = scratch / re.sub(r"\W", "-", f"{entry['package']}-{entry['version']}")
    if not folder.exists():
        folder.mkdir()
        # npm checks the tarball against the registry's integrity hash before it writes it.
        spec = f"{entry['package']}@{entry['version']}"
        subprocess.run(["npm", "pack", "--silent", "--pack-destination", folder, spec], check=True, stdout=sys.stderr)
        with tarfile.open(next(folder.glob("*.tgz"))) as tarball:
            tarball.extractall(folder, filter="data")
    return folder / "package"


def _content(entry: dict, package: Path) -> bytes:
    if "icons" in entry:
        return _sprite(entry, package / entry["source"]).encode()
    return (package / entry["source"]).read_bytes()


def _sprite(entry: dict, folder: Path) -> str:
    """One SVG with a symbol per icon; strokes and sizes come from the page's CSS."""
    lines = [f"<!-- {entry['package']} {entry['version']}, {entry['licence']} licence, made by tools/vendor.py -->"]
    lines.append('<svg xmlns="http://www.w3.org/2000/svg">')
    for name in entry["icons"]:
        shapes = ICON.search((folder / f"{name}.svg").read_text())[1]
        shapes = re.sub(r"\s*\n\s*", "", shapes)
        lines.append(f'<symbol id="{name}" viewBox="0 0 24 24">{shapes}</symbol>')
    return "\n".join([*lines, "</svg>", ""])


def _write_checksums(entries: list[dict]) -> None:
    """Only the checksums change: the list keeps the shape that people gave it."""
    text = LIST.read_text()
    for entry in entries:
        pattern = rf'("file": "{re.escape(entry["file"])}".*?"sha256": ")[^"]*'
        text = re.sub(pattern, rf"\g<1>{entry['sha256']}", text, count=1, flags=re.DOTALL)
    LIST.write_text(text)


if __name__ == "__main__":
    main(accept="--accept" in sys.argv[1:])
