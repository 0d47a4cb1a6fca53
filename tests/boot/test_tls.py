"""PostgreSQL and Redis as over any network but one's own: their certificates are looked at, as docs/growing.md says."""

import ipaddress
import shutil
from datetime import UTC, datetime, timedelta

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.cache import caches
from django.db import OperationalError, connections
from redis.exceptions import ConnectionError as Refused

from project import shapes
from scheduler_ui.engine.stores import RedisStore
from scheduler_ui.upkeep import databases
from tests.rig.servers import Postgres, Redis


class Guarded(Redis):
    """Speaks TLS alone, with a certificate of its own making."""

    def __init__(self):
        super().__init__(password="open sesame")
        self.certificate = self.folder / "certificate.pem"
        _certify(self.folder)
        with (self.folder / "redis.conf").open("a") as lines:
            lines.write(f"\nport 0\ntls-port {self.port}\ntls-cert-file {self.certificate}\n")
            lines.write(f"tls-key-file {self.folder}/key.pem\ntls-auth-clients no\n")

    def url(self, number: int = 0) -> str:
        return f"{self.unknown(number)}?ssl_ca_certs={self.certificate}"

    def unknown(self, number: int = 0) -> str:
        """As somebody asks who has not heard of who signed it."""
        return super().url(number).replace("redis://", "rediss://")


def _certify(folder):
    key, here = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(here, here, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    name = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    signed = made.add_extension(name, critical=False).sign(key, hashes.SHA256())
    (folder / "certificate.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))


@pytest.fixture(scope="module")
def redis():
    with Guarded() as running:
        yield running


def test_queue_goes_through_tls(redis):
    store = RedisStore("publish", redis.url())
    store.push({b"a message": 1.0})
    assert store.fetch(2.0, 5).messages == [b"a message"]


def test_limits_are_counted_through_tls(db, redis, settings):
    table = {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}
    settings.CACHES = {"default": {"BACKEND": "project.caches.RedisOrTable", "LOCATION": redis.url()}, "table": table}
    caches["default"].set("tries", 1, 60)
    assert (caches["default"].get("tries"), caches["table"].get("tries")) == (1, None)
    caches["default"].close()


def test_server_that_nobody_vouches_for_is_told_nothing(redis):
    with pytest.raises(Refused, match="certificate verify failed"):
        RedisStore("publish", redis.unknown()).push({b"a message": 1.0})


class GuardedPostgres(Postgres):
    def __init__(self):
        super().__init__()
        data = self.folder / "data"
        _certify(data)
        for name in ("certificate.pem", "key.pem"):
            (data / name).chmod(0o600)
            if self.user:
                shutil.chown(data / name, self.user)
        self.settings |= {"ssl": "on", "ssl_cert_file": "certificate.pem", "ssl_key_file": "key.pem"}


@pytest.fixture(scope="module")
def postgres():
    with GuardedPostgres() as running:
        yield running


@pytest.fixture
def asked(monkeypatch, tmp_path, django_db_blocker):
    """Whether the connection that the settings make of an address is one through TLS."""

    def ask(url):
        monkeypatch.setenv("DATABASE_URL", url)
        with django_db_blocker.unblock(), databases.opened("guarded", shapes.database(tmp_path, 2)) as alias:
            try:
                with connections[alias].cursor() as cursor:
                    cursor.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
                    return cursor.fetchone()[0]
            finally:
                connections[alias].close()
                connections[alias].close_pool()

    return ask


def test_database_is_reached_through_tls(postgres, asked):
    signer = postgres.folder / "data" / "certificate.pem"
    assert asked(f"{postgres.url()}?sslmode=verify-full&sslrootcert={signer}") is True


def test_database_that_nobody_vouches_for_is_told_nothing(postgres, asked):
    known = certifi.where()
    with pytest.raises(OperationalError):
        asked(f"{postgres.url()}?sslmode=verify-full&sslrootcert={known}")
