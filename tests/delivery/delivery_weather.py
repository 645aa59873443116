"""A proxy before the local Slack that gives answers Slack itself never would: proxies' pages, broken headers, nonsense."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError
from urllib.request import Request, urlopen


@dataclass(kw_only=True)
class Odd:
    """The `nth` call of a method is answered like this; `after` lets Slack act first."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    method: str = "chat.postMessage"
    nth: int = 1
    after: bool = False


@dataclass
class Weather:
    """The proxy's address and its script."""

    api_url: str
    script: list[Odd] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    def next(self, method: str) -> Odd | None:
        self.calls.append(method)
        nth = self.calls.count(method)
        return next((odd for odd in self.script if (odd.method, odd.nth) == (method, nth)), None)


@contextmanager
def weather_before(api_url: str) -> Iterator[Weather]:
    """Serve on loopback until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            method = self.path.split("?")[0].removeprefix("/api/")
            odd = weather.next(method)
            if odd is None or odd.after:
                status, headers, answer = forward(api_url + self.path.removeprefix("/api/"), dict(self.headers), body)
            if odd is not None:
                status, headers, answer = odd.status, odd.headers, odd.body
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(answer))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    weather = Weather(f"http://127.0.0.1:{server.server_port}/api/")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield weather
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def forward(url: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
    kept = {name: value for name, value in headers.items() if name.lower() in ("authorization", "content-type")}
    try:
        with urlopen(Request(url, data=body, headers=kept, method="POST"), timeout=10) as answer:
            return answer.status, {"Content-Type": answer.headers["Content-Type"]}, answer.read()
    except HTTPError as error:
        return error.code, dict(error.headers.items()), error.read()
