"""Typed readers of the environment: what cannot be read stops the start with one line that names the variable."""

import base64
import binascii
import fcntl
import ipaddress
import os
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

YES = {"1", "true", "yes", "on"}
NO = {"0", "false", "no", "off"}

_env = environ.Env()


def read_file(path: Path) -> None:
    """Add the lines of a `.env` file, where there is one, under what the environment already says."""
    if path.is_file():
        environ.Env.read_env(path)


def text(name: str, default: str = "") -> str:
    return str(_env.str(name, default=default)).strip()


def flag(name: str, default: bool | None) -> bool | None:
    return _read(name, default, _to_flag, "must be true or false")


def whole(name: str, default: int, lowest: int = 0, highest: int = 1_000_000) -> int:
    def convert(value: str) -> int:
        return _between(int(value), lowest, highest)

    return _read(name, default, convert, f"must be a whole number from {lowest} to {highest}")


def number(name: str, default: float, above: float = 0) -> float:
    def convert(value: str) -> float:
        return _between(float(value), above, 1e9)

    return _read(name, default, convert, f"must be a number, {above:g} or more")


def numbers(name: str, default: tuple[float, ...]) -> tuple[float, ...]:
    def convert(value: str) -> tuple[float, ...]:
        return tuple(_between(float(part), 0, 1e9) for part in value.split(","))

    return _read(name, default, convert, "must be numbers with commas between them, 0 or more")


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    def convert(value: str) -> str:
        return {name.lower(): name for name in allowed}[value.lower()]

    return _read(name, default, convert, f"must be one of {', '.join(allowed)}")


def origin(name: str) -> str:
    """Read a scheme and a host, such as `https://posts.example.org`, or '' where it is not set."""
    return _read(name, "", _to_origin, "must be like https://posts.example.org, without a path")


def networks(name: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    def convert(value: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        return tuple(ipaddress.ip_network(part.strip(), strict=False) for part in value.split(","))

    return _read(name, (), convert, "must be networks with commas between them, such as 10.0.0.0/8,::1")


def url(name: str, default: str, parse: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """Read a database's, cache's or mail server's URL; the message leaves its value out: it may hold a password."""
    # Set and empty, as `make demo` sets it, is not set.
    value = text(name) or default
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # an unknown scheme is only warned of
            settings = parse(value)
    except Exception as error:
        raise ImproperlyConfigured(f"{name} is not a URL that can be used.") from error
    if not settings.get("ENGINE", settings.get("EMAIL_BACKEND", "")).count("."):
        raise ImproperlyConfigured(f"{name} does not begin with a scheme that is known.")
    return settings


def data_dir(name: str, default: Path, base: Path, *, is_needed: bool) -> Path:
    """Return the folder for everything to be kept, made where missing; a relative one stands beside manage.py."""
    path = base / Path(text(name, str(default))).expanduser()
    if not is_needed:
        return path
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ImproperlyConfigured(f"{name}={path} is not a folder that can be made: {error.strerror}.") from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise ImproperlyConfigured(f"{name}={path} cannot be written to.")
    return path


def keys(name: str, path: Path, make: Callable[[], str], shortest: int) -> list[str]:
    """Read keys, newest first, from the environment or else from a file, which is made with mode 0600 where missing."""
    found = [key.strip() for key in text(name).split(",") if key.strip()] or _keys_in(path, make)
    if any(len(key) < shortest for key in found):
        raise ImproperlyConfigured(f"{name}: every key must have at least {shortest} characters.")
    return found


def fernet_keys(name: str, path: Path) -> list[str]:
    found = keys(name, path, new_fernet_key, shortest=44)
    try:
        wrong = any(len(base64.urlsafe_b64decode(key)) != 32 for key in found)
    except binascii.Error:
        wrong = True
    if wrong:
        raise ImproperlyConfigured(f"{name}: every key must be 32 bytes in URL-safe base64 (44 characters).")
    return found


def new_fernet_key() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def _keys_in(path: Path, make: Callable[[], str]) -> list[str]:
    try:
        if path.is_file() and (found := path.read_text().split()):
            return found
        return _create(path, make)
    except OSError as error:
        raise ImproperlyConfigured(f"The key file {path} cannot be used: {error.strerror}.") from error


def _create(path: Path, make: Callable[[], str]) -> list[str]:
    # Web and worker may both come here first: the lock lets one of them write and the other read what it wrote.
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if found := file.read().split():
            return found
        file.write(key := make())
        file.flush()
        os.fsync(file.fileno())
    return [key]


def _read(name: str, default: Any, convert: Callable[[str], Any], must: str) -> Any:
    value = text(name)
    if not value:
        return default
    try:
        return convert(value)
    except (ValueError, KeyError) as error:
        raise ImproperlyConfigured(f"{name}={value} {must}.") from error


def _to_flag(value: str) -> bool:
    if value.lower() not in YES | NO:
        raise ValueError(value)
    return value.lower() in YES


def _to_origin(value: str) -> str:
    parts = urlsplit(value)
    plain = parts.scheme in {"http", "https"} and parts.hostname and parts.path in {"", "/"}
    if not plain or parts.query or parts.fragment or parts.username or not re.fullmatch(r"[\w.:\[\]-]+", parts.netloc):
        raise ValueError(value)
    _ = parts.port  # raises ValueError where it is no number
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _between(value: Any, lowest: float, highest: float) -> Any:
    if not lowest <= value <= highest:
        raise ValueError(value)
    return value
