"""A way to the PDS on which things happen as on the way to a far one: answers get lost, sessions grow old."""

import httpx

from tests.platforms.stub import Arrival, Reply, Stub
from tests.real.pds import expired

KEPT = ("authorization", "content-type")


class Proxy(Stub):
    """Hands on what arrives. `losing` names the calls whose next answer is lost after the PDS gave it."""

    def __init__(self, url: str) -> None:
        super().__init__(self._forward)
        self.losing: list[str] = []
        self._to = url
        self._old: set[str] = set()

    def age(self) -> None:
        """Let hours pass for every session that was used so far: the PDS is shown its token, signed as ended."""
        self._old |= {
            arrival.headers["authorization"] for arrival in self.arrivals if "authorization" in arrival.headers
        }

    def count(self, name: str) -> int:
        return sum(arrival.path.endswith(name) for arrival in self.arrivals)

    def _forward(self, arrival: Arrival) -> Reply:
        kept = {name: arrival.headers[name] for name in KEPT if name in arrival.headers}
        if kept.get("authorization") in self._old:
            kept["authorization"] = f"Bearer {expired(kept['authorization'].removeprefix('Bearer '))}"
        url = self._to + arrival.path
        answer = httpx.request(arrival.method, url, params=arrival.params, headers=kept, content=arrival.body)
        for name in self.losing:
            if arrival.path.endswith(name):
                self.losing.remove(name)
                raise ConnectionAbortedError  # the connection ends without a word
        return Reply(answer.status_code, answer.content, {"Content-Type": answer.headers.get("content-type", "")})
