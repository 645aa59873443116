"""A real HTTP server on loopback that behaves as badly as it is asked to."""

from __future__ import annotations

import gzip
import ssl
import threading
import zlib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CARD = b"# Model card\n\nEffective date: 2026-04-01\n"
ETAG = '"card-1"'
LAST_MODIFIED = "Wed, 01 Apr 2026 09:00:00 GMT"


class Server:
    """Serves until closed; ``seen`` holds the path and headers of every request."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.released = threading.Event()  # set at the end, so that hanging answers end
        self.busy = 0
        self.most_busy = 0
        self.lock = threading.Lock()
        self.crowded = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self.port: int = self._http.server_address[1]
        if tls is not None:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        self.scheme = "http" if tls is None else "https"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def url(self, path: str, host: str = "127.0.0.1", userinfo: str = "") -> str:
        return f"{self.scheme}://{userinfo}{host}:{self.port}{path}"

    def allowed(self, *hosts: str) -> frozenset[str]:
        return frozenset(f"{host}:{self.port}" for host in ("127.0.0.1", *hosts))

    def paths(self) -> list[str]:
        return [path for path, _ in self.seen]

    def close(self) -> None:
        self.released.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)


class Handler(BaseHTTPRequestHandler):
    server_of_test: Server

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        server = self.server_of_test
        server.seen.append((self.path, {key.lower(): value for key, value in self.headers.items()}))
        route = self.path.partition("?")[0].split("/")[1]
        try:
            ROUTES.get(route, missing)(self, server)
        except (ConnectionError, TimeoutError, ssl.SSLError):
            self.close_connection = True

    def reply(self, code: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _handler(server: Server) -> type[Handler]:
    return type("Bound", (Handler,), {"server_of_test": server})


def card(h: Handler, server: Server) -> None:
    headers = {"ETag": ETAG, "Last_Modified": LAST_MODIFIED, "Content_Type": "text/markdown"}
    if h.headers.get("If-None-Match") == ETAG:
        h.reply(304, **headers)
    else:
        h.reply(200, CARD, **headers)


def dated(h: Handler, server: Server) -> None:
    if h.headers.get("If-Modified-Since") == LAST_MODIFIED:
        h.reply(304)
    else:
        h.reply(200, CARD, Last_Modified=LAST_MODIFIED)


def always_304(h: Handler, server: Server) -> None:
    h.reply(304)


def hang(h: Handler, server: Server) -> None:
    server.released.wait(60)


def trickle(h: Handler, server: Server) -> None:
    h.send_response(200)
    h.send_header("Content-Length", "100000")
    h.end_headers()
    while not server.released.wait(0.02):
        h.wfile.write(b"x")
        h.wfile.flush()


def trickle_headers(h: Handler, server: Server) -> None:
    h.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not server.released.wait(0.02):
        h.wfile.write(b"x")
        h.wfile.flush()


def status(h: Handler, server: Server) -> None:
    h.reply(int(h.path.split("/")[2]), b"an answer")


def missing(h: Handler, server: Server) -> None:
    h.reply(404)


def loop(h: Handler, server: Server) -> None:
    h.reply(302, Location=f"/loop/{len(server.seen)}")


def hops(h: Handler, server: Server) -> None:
    left = int(h.path.split("/")[2])
    h.reply(302, Location=f"/hops/{left - 1}" if left > 1 else "/card")


def to(h: Handler, server: Server) -> None:
    h.reply(302, Location=h.path.partition("?")[2])


def large(h: Handler, server: Server) -> None:
    """More than announced nothing: no Content-Length, so only counting helps."""
    h.send_response(200)
    h.end_headers()
    while not server.released.is_set():
        h.wfile.write(b"x" * 4096)


def announced(h: Handler, server: Server) -> None:
    h.send_response(200)
    h.send_header("Content-Length", str(10**12))
    h.end_headers()
    server.released.wait(60)


def gzipped(h: Handler, server: Server) -> None:
    h.reply(200, gzip.compress(CARD[:10]) + gzip.compress(CARD[10:]), Content_Encoding="gzip")


def bomb(h: Handler, server: Server) -> None:
    h.reply(200, gzip.compress(b"\0" * 20_000_000), Content_Encoding="gzip")


def nested(h: Handler, server: Server) -> None:
    h.reply(200, gzip.compress(gzip.compress(b"\0" * 1_000_000)), Content_Encoding="gzip, gzip")


def cut_gzip(h: Handler, server: Server) -> None:
    h.reply(200, gzip.compress(CARD)[:-9], Content_Encoding="gzip")


def not_gzip(h: Handler, server: Server) -> None:
    h.reply(200, zlib.compress(CARD), Content_Encoding="gzip")


def cut(h: Handler, server: Server) -> None:
    h.send_response(200)
    h.send_header("Content-Length", "1000")
    h.end_headers()
    h.wfile.write(b"half")
    h.close_connection = True


def noise(h: Handler, server: Server) -> None:
    h.wfile.write(b"220 smtp ready\r\n")


def odd_dates(h: Handler, server: Server) -> None:
    h.reply(200, CARD, Last_Modified="Wed, 31 Feb 2026 99:00:00 GMT")


def sjis(h: Handler, server: Server) -> None:
    h.reply(200, "発効日:令和8年4月1日".encode("cp932"), Content_Type="text/plain; charset=Shift_JIS")


def meet(h: Handler, server: Server) -> None:
    """Counts how many are here at once; each stays a moment to see whether a third one comes."""
    with server.lock:
        server.busy += 1
        server.most_busy = max(server.most_busy, server.busy)
        if server.busy > 2:
            server.crowded.set()
    server.crowded.wait(0.15)
    with server.lock:
        server.busy -= 1
    h.reply(200, CARD)


ROUTES: dict[str, Callable[[Handler, Server], None]] = {
    name: thing
    for name, thing in list(globals().items())
    if callable(thing) and getattr(thing, "__module__", "") == __name__ and name.islower() and name[0] != "_"
}
