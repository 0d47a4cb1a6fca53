"""Queue messages: JSON with an HMAC, so that whoever can write to the queue still cannot make a worker run anything."""

import hashlib
import hmac
import json
import logging
import threading
from collections.abc import Sequence
from datetime import datetime

from huey.registry import Message
from huey.serializer import Serializer

logger = logging.getLogger(__name__)


class Refused(Exception):
    """A message that we did not write, or wrote under a key that is gone."""


class SignedJson(Serializer):
    """Signs with the first key, accepts any of them (key rotation)."""

    def __init__(self, keys: Sequence[str]):
        super().__init__()
        self._keys = [key.encode() for key in keys]

    def _serialize(self, data: Message) -> bytes:
        eta = data.eta.isoformat() if data.eta else None
        body = json.dumps([data.name, data.id, eta, list(data.args), data.kwargs], separators=(",", ":")).encode()
        return self._signature(self._keys[0], body) + body

    def _deserialize(self, data: bytes) -> Message:
        data = bytes(data)
        signature, body = data[:64], data[64:]
        if not any(hmac.compare_digest(signature, self._signature(key, body)) for key in self._keys):
            refused.count()
            raise Refused("A queue message with a wrong signature was thrown away.")
        name, task_id, eta, args, kwargs = json.loads(body)
        return Message(task_id, name, datetime.fromisoformat(eta) if eta else None, 0, 0, None, tuple(args), kwargs)

    @staticmethod
    def _signature(key: bytes, body: bytes) -> bytes:
        return hmac.new(key, body, hashlib.sha256).hexdigest().encode()


class RefusedCount:
    """How many messages this process has thrown away since it last told."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._number = 0

    def count(self) -> None:
        with self._lock:
            self._number += 1
        logger.warning("refused a queue message: its signature is not ours")

    def take(self) -> int:
        with self._lock:
            number, self._number = self._number, 0
        return number


refused = RefusedCount()
