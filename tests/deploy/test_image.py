import os
import re
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.deploy.image import Image, context, steps
from tests.rig import processes

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.geteuid() != 0, reason="the Dockerfile's steps need root: run this as root"),
]
DEPLOY = processes.ROOT / "deploy"


@pytest.fixture(scope="module")
def image():
    """Every step of deploy/Dockerfile, done."""
    # Not under pytest's folder, which only root may enter.
    folder = Path(tempfile.mkdtemp(prefix="punctual-image-"))
    folder.chmod(0o755)
    try:
        context(processes.ROOT, folder / "context")
        made = Image(folder / "image", folder / "context")
        for word, rest in steps(DEPLOY / "Dockerfile"):
            made.follow(word, rest)
        yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_container_serves_as_nobody_special_and_its_health_check_agrees(image):
    port = str(processes.free_port())
    code, said = image.run(image.health, PORT=port)
    assert code != 0
    process = image.start(image.command, PORT=port)
    try:
        heard = []
        for line in process.stdout:
            heard.append(line)
            if "Punctual is at" in line or "something is wrong" in line:
                break
        assert f"Punctual is at http://localhost:{port}" in "".join(heard)[-2000:]
        assert image.run(image.health, PORT=port)[0] == 0
    finally:
        process.kill()
        process.communicate()
    places = "/srv /usr/local /etc /opt /var"
    _code, said = image.run(f"id -un; ls -ld /data; find {places} -newer manage.py -user punctual 2>/dev/null")
    assert said.startswith("punctual\ndrwx------ ")
    mine = [line for line in said.splitlines()[2:] if not re.match(r"/srv/static(/|$)", line)]
    assert mine == []


def test_image_holds_no_keys_and_nothing_of_the_build(image):
    _code, said = image.run(
        "find /srv /tmp/build -name '*_key*' -path '*secret*' -o -name 'token_keys' -o -name '*.sqlite3'"
    )
    assert [line for line in said.splitlines() if not line.startswith("find: ")] == []


def test_procfile_processes_are_there_to_be_started(image):
    code, said = image.run(["deploy/run", "nothing"])
    assert (code, said) == (2, "Usage: deploy/run web|worker\n")
    code, said = image.run(["deploy/run", "web"], DATABASE_URL="postgres://u:p@127.0.0.1:1/x")
    assert said.startswith("Punctual cannot start: DATABASE_URL names a server, so REDIS_URL must be set too")
