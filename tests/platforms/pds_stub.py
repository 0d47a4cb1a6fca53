"""A small AT Protocol server: what bluesky.py needs of one, with the errors of a real one."""

from collections.abc import Callable
from typing import Any

from tests.platforms.stub import Arrival, Reply

DID = "did:plc:harbor"
PASSWORD = "abcd-efgh-ijkl-mnop"


class Pds:
    def __init__(self) -> None:
        self.records: dict[str, dict[str, Any]] = {}
        self.blobs: list[tuple[str, bytes]] = []
        self.access, self.refresh = "access-1", "refresh-1"
        self.people = {"alice.test": "did:plc:alice", "harbor.test": DID}
        self.profile: dict[str, Any] | None = None
        self.server: dict[str, Any] = {"blobUploadLimit": 5_000_000}
        self.session: dict[str, Any] = {"did": DID, "handle": "harbor.test", "active": True}
        self.expired: set[str] = set()
        self.calls: list[str] = []

    def answer(self, arrival: Arrival) -> Reply:
        name = arrival.path.removeprefix("/xrpc/")
        self.calls.append(name)
        return getattr(self, name.rsplit(".", 1)[-1], self._unknown)(arrival)

    def _unknown(self, arrival: Arrival) -> Reply:
        return _error(501, "MethodNotImplemented", "Method Not Implemented")

    def _signed_in(self, do: Callable[[], Reply], arrival: Arrival, token: str | None = None) -> Reply:
        said = arrival.headers.get("authorization", "").removeprefix("Bearer ")
        if not said:
            return _error(401, "AuthMissing", "Authentication Required")
        if said in self.expired:
            return _error(400, "ExpiredToken", "Token has expired")
        if said != (token or self.access):
            return _error(400, "InvalidToken", "Token could not be verified")
        return do()

    def createSession(self, arrival: Arrival) -> Reply:  # noqa: N802 - the protocol's names
        if arrival.json != {"identifier": "harbor.test", "password": PASSWORD}:
            return _error(401, "AuthenticationRequired", "Invalid identifier or password")
        return Reply(body=self.session | {"accessJwt": self.access, "refreshJwt": self.refresh})

    def refreshSession(self, arrival: Arrival) -> Reply:  # noqa: N802
        def renew() -> Reply:
            self.access, self.refresh = self.access + "+", self.refresh + "+"
            return Reply(body=self.session | {"accessJwt": self.access, "refreshJwt": self.refresh})

        return self._signed_in(renew, arrival, self.refresh)

    def getSession(self, arrival: Arrival) -> Reply:  # noqa: N802
        return self._signed_in(lambda: Reply(body=self.session), arrival)

    def describeServer(self, arrival: Arrival) -> Reply:  # noqa: N802
        return Reply(body=self.server)

    def getProfile(self, arrival: Arrival) -> Reply:  # noqa: N802
        if self.profile is None:
            return _error(400, "InvalidRequest", "No service configured for app.bsky.actor.getProfile")
        return Reply(body=self.profile)

    def resolveHandle(self, arrival: Arrival) -> Reply:  # noqa: N802
        did = self.people.get(arrival.params["handle"])
        return Reply(body={"did": did}) if did else _error(400, "InvalidRequest", "Unable to resolve handle")

    def uploadBlob(self, arrival: Arrival) -> Reply:  # noqa: N802
        if len(arrival.body) > self.server["blobUploadLimit"]:
            return _error(413, "PayloadTooLarge", "request entity too large")
        kind = arrival.headers["content-type"]
        self.blobs.append((kind, arrival.body))
        blob = {
            "$type": "blob",
            "ref": {"$link": f"bafk{len(self.blobs)}"},
            "mimeType": kind,
            "size": len(arrival.body),
        }
        return self._signed_in(lambda: Reply(body={"blob": blob}), arrival)

    def putRecord(self, arrival: Arrival) -> Reply:  # noqa: N802
        return self._signed_in(lambda: self._put(arrival.json), arrival)

    def _put(self, body: dict[str, Any]) -> Reply:
        assert body["swapRecord"] is None
        key, record = body["rkey"], body["record"]
        if self.records.setdefault(key, record) != record:
            return _error(400, "InvalidSwap", "Record was at bafy1")
        return Reply(body={"uri": f"at://{body['repo']}/{body['collection']}/{key}", "cid": "bafy1"})

    def getRecord(self, arrival: Arrival) -> Reply:  # noqa: N802
        key = arrival.params["rkey"]
        if key not in self.records:
            return _error(400, "RecordNotFound", f"Could not locate record: at://{DID}/{key}")
        return Reply(body={"uri": f"at://{DID}/{key}", "value": self.records[key]})

    def listRecords(self, arrival: Arrival) -> Reply:  # noqa: N802
        newest = sorted(self.records, reverse=True)[: int(arrival.params["limit"])]
        base = f"at://{arrival.params['repo']}/{arrival.params['collection']}"
        listed = [{"uri": f"{base}/{key}", "cid": "bafy1", "value": self.records[key]} for key in newest]
        return Reply(body={"records": listed})

    def deleteRecord(self, arrival: Arrival) -> Reply:  # noqa: N802
        self.records.pop(arrival.json["rkey"], None)
        return Reply(body={})


def _error(status: int, name: str, message: str) -> Reply:
    return Reply(status, {"error": name, "message": message})
