"""Documents on the web: one conditional GET, redirects followed by hand, addresses checked before each step.

Proxies and ``.netrc`` of the environment are not used: a proxy would resolve names where no check reaches.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from pathlib import Path

import httpx

from tasks.sources.guard import checked
from tasks.sources.look import CHUNK, Ask, Found, Limits, Look, Source, Status, Stopped, shown

_PORTS = {"http": 80, "https": 443}
_SIGN_IN = re.compile(
    r"/(login|log-in|signin|sign-in|sign_in|servicelogin|sso|saml2?|adfs|oauth2?|authorize|authwall)(/|\.|$)",
    re.IGNORECASE,
)
_REMEDIES: dict[int, tuple[Status, str]] = {
    401: ("refused", "asks who is calling (401); give a link that this program may read."),
    403: ("refused", "forbids reading (403); share the document with this program's account or address."),
    404: ("missing", "has no such document (404); put it back or correct the link."),
    407: ("refused", "stands behind a proxy that asks who is calling (407); let this program through."),
    410: ("missing", "says the document is gone for good (410); give its successor."),
    429: ("error", "has been asked too often (429); look again later or watch fewer documents there."),
    451: ("refused", "withholds the document for legal reasons (451); give another copy."),
}


@dataclass(frozen=True, kw_only=True)
class Target:
    """A URL taken apart, without name and password, so that it can be shown."""

    url: httpx.URL
    host: str
    port: int

    def __str__(self) -> str:
        return shown(f"{self.url.scheme}://{self.url.netloc.decode('ascii', 'replace')}{self.url.path}")

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port (RFC 6454 §4)."""
        return self.url.scheme, self.host, self.port


def target(text: str | httpx.URL) -> Target:
    """Take a URL apart. Raises ``Stopped`` without repeating it, for it may hold a password."""
    try:
        url = httpx.URL(text).copy_with(userinfo=b"", fragment=None)
        host = url.raw_host.decode("ascii").strip("[]").rstrip(".")
        port = _PORTS[url.scheme] if url.port is None else url.port
    except (httpx.InvalidURL, KeyError, ValueError, TypeError):
        raise Stopped("refused", "the URL cannot be read; correct the locator.") from None
    if not host or not 0 < port < 65536:
        raise Stopped("refused", "the URL names no host or no such port; correct the locator.")
    return Target(url=url, host=host, port=port)


def host_of(locator: str) -> str | None:
    """``host:port`` that a locator asks first, or None when it cannot be read."""
    try:
        asked = target(locator)
    except Stopped:
        return None
    return f"{asked.host}:{asked.port}"


def _credentials(locator: str) -> httpx.BasicAuth | None:
    url = httpx.URL(locator)
    return httpx.BasicAuth(url.username, url.password) if url.userinfo else None


def _next(here: Target, location: str) -> Target:
    """Where a redirect leads. Another scheme is refused, and so is the step down from https to http."""
    try:
        joined = here.url.join(location)
    except (httpx.InvalidURL, ValueError):
        raise Stopped("error", f"{here} redirects to what is no URL; see to that server.") from None
    if joined.scheme not in _PORTS:
        raise Stopped("refused", f"{here} redirects to another scheme; give the document's own URL.")
    if here.url.scheme == "https" and joined.scheme == "http":
        raise Stopped("refused", f"{here} redirects to unprotected http; give an https URL that stays there.")
    there = target(joined)
    if _SIGN_IN.search(there.url.path):
        raise Stopped("refused", f"{here} redirects to a sign-in page; give a link that needs no sign-in.")
    return there


def _validators(previous: Look | None) -> dict[str, str]:
    """Headers for a conditional GET (RFC 9110 §13.1) from the last look that found something."""
    headers: dict[str, str] = {}
    if previous is None or previous.sha256 is None or previous.status not in ("ok", "unchanged"):
        return headers
    if previous.etag and previous.etag.isprintable() and previous.etag.isascii():
        headers["If-None-Match"] = previous.etag
    if previous.modified:
        headers["If-Modified-Since"] = format_datetime(previous.modified.astimezone(UTC), usegmt=True)
    return headers


def _last_modified(response: httpx.Response) -> datetime | None:
    try:
        said = parsedate_to_datetime(response.headers["last-modified"])
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
    # A zone of -0000 reads as no zone at all; HTTP dates are in UTC (RFC 9110 §5.6.7).
    return said.replace(tzinfo=UTC) if said.tzinfo is None else said.astimezone(UTC)


@lru_cache(maxsize=4)
def _trust(ca_file: Path | None) -> ssl.SSLContext:
    # Reading the authorities takes tens of milliseconds, so contexts are shared between looks.
    context = httpx.create_ssl_context()
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context


def _trusted(limits: Limits) -> ssl.SSLContext:
    try:
        return _trust(limits.ca_file)
    except OSError:
        raise Stopped("error", f"{limits.ca_file} holds no certificates; correct ca_file in policy.") from None


@asynccontextmanager
async def _answer(
    there: Target, ask: Ask, headers: dict[str, str], auth: httpx.BasicAuth | None
) -> AsyncIterator[httpx.Response]:
    """Ask one of the host's checked addresses, by its number, while Host and TLS keep the name."""
    addresses = await asyncio.to_thread(checked, there.host, there.port, ask.limits)
    sent = {"Host": there.url.netloc.decode("ascii"), "Accept-Encoding": "gzip", **headers}
    # The transport itself, not a client: a client would already follow a redirect in thought, keep cookies and
    # log the address.
    async with httpx.AsyncHTTPTransport(verify=_trusted(ask.limits), trust_env=False) as transport:
        response = await _first(transport, there, addresses, sent, auth)
        try:
            yield response
        finally:
            await response.aclose()


async def _first(
    transport: httpx.AsyncHTTPTransport,
    there: Target,
    addresses: list[str],
    headers: dict[str, str],
    auth: httpx.BasicAuth | None,
) -> httpx.Response:
    """The answer of the first address that takes a connection."""
    failed: httpx.ConnectError | None = None
    for address in addresses:
        url = there.url.copy_with(host=address.partition("%")[0])
        request = httpx.Request("GET", url, headers=headers, extensions={"sni_hostname": there.host})
        if auth is not None:
            request = next(auth.auth_flow(request))
        try:
            return await transport.handle_async_request(request)
        except httpx.ConnectError as error:
            failed = error
    raise _unreached(there, failed)


def _unreached(there: Target, error: httpx.ConnectError | None) -> Stopped:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        why = shown(cause.verify_message)
        return Stopped("error", f"the certificate of {there} is not valid ({why}); renew it or add its authority.")
    if cause is not None:
        return Stopped("error", f"{there} speaks no TLS this program accepts; see to that server.")
    return Stopped("error", f"{there} takes no connections; see whether the server runs.")


def _demand_success(response: httpx.Response, there: Target) -> None:
    code = response.status_code
    if code in (200, 203):
        return
    status, words = _REMEDIES.get(code, ("error", f"answered {code}; see to that server or correct the link."))
    raise Stopped(status, f"{there} {words}")


class _Gunzip:
    """Decodes gzip in bounded pieces, so that a bomb is counted before it is held."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=31)

    def feed(self, data: bytes) -> Iterator[bytes]:
        piece = b""
        while data or len(piece) == CHUNK:
            if self._inflate.eof:  # another member follows (RFC 1952 §2.2)
                self._inflate = zlib.decompressobj(wbits=31)
            piece = self._inflate.decompress(data, CHUNK)
            yield piece
            data = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail

    @property
    def whole(self) -> bool:
        return self._inflate.eof


async def _take(response: httpx.Response, there: Target, ask: Ask) -> None:
    """Move the decoded body over; more than one layer of encoding is nobody's document."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "gzip", "x-gzip"):
        raise Stopped("error", f"{there} sends an encoding that was not asked for; see to that server.")
    gunzip = _Gunzip() if "gzip" in encoding else None
    announced = response.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit():
        ask.body.expect(int(announced[:20]))
    async for chunk in response.aiter_raw(CHUNK):
        for piece in gunzip.feed(chunk) if gunzip else (chunk,):
            ask.body.write(piece)
    if gunzip and not gunzip.whole:
        raise Stopped("error", f"{there} sent a document cut short; look again later.")


async def _one(there: Target, ask: Ask, auth: httpx.BasicAuth | None) -> Found | Target:
    conditional = _validators(ask.previous)
    async with _answer(there, ask, conditional, auth) as response:
        if response.status_code == 304 and conditional:
            return Found(unchanged=True)
        if response.has_redirect_location:
            return _next(there, response.headers["location"])
        _demand_success(response, there)
        await _take(response, there, ask)
        return Found(
            modified=_last_modified(response),
            etag=response.headers.get("etag"),
            charset=response.charset_encoding,
        )


async def _follow(ask: Ask) -> Found:
    there = first = target(ask.locator)
    auth = _credentials(ask.locator)
    for _ in range(ask.limits.max_redirects + 1):
        # A name and password are for the server they were written for, no other (RFC 9110 §11.6.2).
        found = await _one(there, ask, auth if there.origin == first.origin else None)
        if isinstance(found, Found):
            return found
        there = found
    raise Stopped(
        "error", f"{first} redirects more than {ask.limits.max_redirects} times; give the document's own URL."
    )


async def _in_time(ask: Ask) -> Found:
    try:
        async with asyncio.timeout(ask.deadline.left()):
            return await _follow(ask)
    except (TimeoutError, httpx.TimeoutException):
        raise ask.deadline.passed() from None
    except (httpx.HTTPError, httpx.InvalidURL, zlib.error) as error:
        what = f"{target(ask.locator)} broke off or does not speak HTTP ({type(error).__name__})"
        raise Stopped("error", f"{what}; look again later or see to that server.") from None


def read(ask: Ask) -> Found:
    """Get a document over http or https."""
    return asyncio.run(_in_time(ask))


SOURCE = Source(name="web", schemes=("http", "https"), read=read, host=host_of)
