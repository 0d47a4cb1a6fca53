"""A platform's end of the line: takes webhooks on loopback, notes by its own clock when each one came."""

import json
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver:
    """`arrivals` holds (webhook-id, aware UTC moment, data) of every event but the ping of connecting."""

    def __init__(self, answer_after: float = 0.0):
        self.arrivals: list[tuple[str, datetime, dict]] = []
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler(answer_after))
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(receiver, answer_after: float) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - `self` is the request's
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                at = datetime.now(UTC)
                event = json.loads(body)
                if event["type"] == "post.published":
                    with receiver._lock:
                        receiver.arrivals.append((self.headers["webhook-id"], at, event["data"]))
                    time.sleep(answer_after)
                self.send_response(204)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
