"""The configuration files for other people's servers, with those servers."""

import contextlib
import http.client
import re
import socket
import ssl
import subprocess
import threading

import httpx
import pytest

from tests.rig import processes
from tests.rig.packages import binary
from tests.rig.server import Server

DEPLOY = processes.ROOT / "deploy"
HOST = "posts.example.org"


class Echo(threading.Thread):
    """Stands where Punctual would, and tells what a proxy said about the visitor."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port, self.heard = self.socket.getsockname()[1], []

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection):
        with connection, connection.makefile("rb") as lines:
            lines.readline()
            self.heard.append({name.lower(): value for name, value in http.client.parse_headers(lines).items()})
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")


class Nginx(Server):
    name = "nginx"

    def __init__(self, upstream):
        self.program = binary("nginx", "nginx-light")
        super().__init__()
        self.secure = processes.free_port()
        request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}"]
        keys = ["-keyout", self.folder / "privkey.pem", "-out", self.folder / "fullchain.pem"]
        subprocess.run([*request, *keys], capture_output=True, check=True)
        ours = (DEPLOY / "nginx.conf").read_text().replace("127.0.0.1:8000", f"127.0.0.1:{upstream}")
        ours = ours.replace(f"/etc/letsencrypt/live/{HOST}", str(self.folder))
        ours = re.sub(r"listen \[::\].*\n", "", ours)
        ours = ours.replace("listen 80;", f"listen {self.port};").replace("listen 443 ", f"listen {self.secure} ")
        temporary = "".join(
            f"{kind}_temp_path {self.folder};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        head = f"daemon off; pid {self.folder}/nginx.pid; error_log {self.folder}/error.log; events {{}} "
        (self.folder / "nginx.conf").write_text(f"{head}http {{ access_log off; {temporary}\n{ours}\n}}")

    def command(self):
        return [self.program, "-c", self.folder / "nginx.conf", "-e", self.folder / "error.log"]

    def is_up(self):
        socket.create_connection(("127.0.0.1", self.secure), 1).close()
        return True


class Caddy(Server):
    name = "caddy"

    def __init__(self, upstream):
        self.program = binary("caddy", "caddy")
        super().__init__()
        self.secure = processes.free_port()
        ours = (DEPLOY / "Caddyfile").read_text().replace("127.0.0.1:8000", f"127.0.0.1:{upstream}")
        ports = f"http_port {self.port}\nhttps_port {self.secure}"
        options = f"admin off\nskip_install_trust\nlocal_certs\n{ports}\nstorage file_system {self.folder}"
        (self.folder / "Caddyfile").write_text(f"{{\n{options}\n}}\n{ours}")

    def command(self):
        return [
            "env",
            f"HOME={self.folder}",
            self.program,
            "run",
            "--config",
            self.folder / "Caddyfile",
            "--adapter",
            "caddyfile",
        ]

    def is_up(self):
        asked(self)
        return True


def asked(proxy, **headers):
    """A page asked of the proxy by its public name, whoever signed its certificate."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    raw = socket.create_connection(("127.0.0.1", proxy.secure), 5)
    with context.wrap_socket(raw, server_hostname=HOST) as connection:
        lines = [f"{name}: {value}" for name, value in {"Host": HOST, "Connection": "close", **headers}.items()]
        connection.sendall(("GET / HTTP/1.1\r\n" + "\r\n".join(lines) + "\r\n\r\n").encode())
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize("kind", [Nginx, Caddy])
def test_proxy_says_who_came_and_how_as_the_settings_read_it(kind):
    echo = Echo()
    echo.start()
    with kind(echo.port) as proxy:
        lies = {"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}
        assert asked(proxy, **lies).endswith(b"ok")
        heard = echo.heard[-1]
        told = {name: heard.get(f"x-forwarded-{name}") for name in ("for", "proto", "host")}
        assert told == {"for": "127.0.0.1", "proto": "https", "host": HOST}
        plain = httpx.get(f"http://127.0.0.1:{proxy.port}/x", headers={"Host": HOST}, trust_env=False)
        assert (plain.status_code in {301, 308}, plain.headers["Location"]) == (True, f"https://{HOST}/x")
    echo.socket.close()


def test_redis_asks_for_its_password_keeps_its_log_and_refuses_when_full(tmp_path):
    import redis

    port = processes.free_port()
    command = [binary("redis-server", "redis-server"), DEPLOY / "redis.conf", "--port", str(port), "--dir", tmp_path]
    server = subprocess.Popen([*command, "--requirepass", "sesame"], stdout=subprocess.DEVNULL)
    try:
        with redis.Redis(port=port, password="sesame", socket_timeout=5) as client:

            def answers():
                with contextlib.suppress(redis.ConnectionError):
                    return client.ping()

            assert processes.wait_for(answers, 20)
            found = {name: client.config_get(name)[name] for name in ("appendonly", "maxmemory-policy", "save")}
            assert found == {"appendonly": "yes", "maxmemory-policy": "noeviction", "save": ""}
            client.config_set("maxmemory", 1)
            with pytest.raises(redis.exceptions.OutOfMemoryError):
                client.set("a", "b")
        with redis.Redis(port=port, socket_timeout=5) as stranger, pytest.raises(redis.exceptions.AuthenticationError):
            stranger.ping()
    finally:
        server.terminate()
        server.wait(20)
