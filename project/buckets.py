"""Pictures and videos in an S3 bucket that nobody else can read: pages get them through our own permission check."""

import io
from collections.abc import Callable
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files import File
from storages.backends.s3 import S3Storage

GONE = {"404", "NoSuchKey"}
BUFFER = 256 * 1024


class PrivateBucket(S3Storage):
    """What goes wrong is an OSError, as with a disk; a file is read as it comes, never fetched whole before."""

    def __init__(self, *, addressing_style: str, **settings: Any):
        style = {"addressing_style": addressing_style}
        # A store that hangs keeps nobody waiting for long.
        limits = {"connect_timeout": 3, "read_timeout": 15, "retries": {"max_attempts": 2}}
        config = Config(s3=style, signature_version="s3v4", **limits)
        super().__init__(default_acl=None, file_overwrite=False, client_config=config, **settings)

    def _open(self, name: str, mode: str = "rb") -> File:
        stored = self.bucket.Object(self._normalize_name(name))
        raw = Remote(stored, _plainly(lambda: stored.content_length))
        return File(io.BufferedReader(raw, BUFFER), name)

    def _save(self, name: str, content: File) -> str:
        return _plainly(lambda: super(PrivateBucket, self)._save(name, content))

    def delete(self, name: str) -> None:
        _plainly(lambda: super(PrivateBucket, self).delete(name))

    def exists(self, name: str) -> bool:
        return _plainly(lambda: super(PrivateBucket, self).exists(name))

    def size(self, name: str) -> int:
        return _plainly(lambda: super(PrivateBucket, self).size(name))


class Remote(io.RawIOBase):
    """An object of the bucket as a file to read: each jump begins a request of its own, from there on."""

    def __init__(self, stored: Any, size: int):
        self._stored, self._size, self._at, self._body = stored, size, 0, None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if at != self._at:
            self._drop()
        self._at = at
        return at

    def readinto(self, buffer: Any) -> int:
        if self._at >= self._size:
            return 0
        data = _plainly(lambda: self._from_here().read(len(buffer)))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        self._drop()
        super().close()

    def _from_here(self) -> Any:
        if self._body is None:
            self._body = self._stored.get(Range=f"bytes={self._at}-")["Body"]
        return self._body

    def _drop(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None


def _plainly(use: Callable[[], Any]) -> Any:
    try:
        return use()
    except ClientError as error:
        kind = FileNotFoundError if error.response.get("Error", {}).get("Code") in GONE else OSError
        raise kind("The store refused it.") from error
    except BotoCoreError as error:
        raise OSError("The store of pictures and videos cannot be reached.") from error
