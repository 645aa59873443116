"""Which network addresses may be reached: public ones, and private ones that policy names.

A locator comes from whoever submits evidence, while this program runs inside the network. Registers behind
the lists: IANA special-purpose addresses for IPv4 and IPv6 (RFC 6890), shared address space (RFC 6598).
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from tasks.sources.look import Limits, Stopped, shown

# Written out, because what ``is_global`` says differs between releases of Python.
_PRIVATE = [
    ip_network(text)
    for text in (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "::1/128",
        "fc00::/7",
        "fec0::/10",
    )
]
# Never a document: "this host", link-local (metadata services), multicast, reserved, and the services that
# clouds keep on addresses of their own (Azure 168.63.129.16, Alibaba, Oracle, AWS over IPv6).
_NEVER = [
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "169.254.0.0/16",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "168.63.129.16/32",
        "100.100.100.200/32",
        "192.0.0.192/32",
        "::/128",
        "fe80::/10",
        "ff00::/8",
        "fd00:ec2::254/128",
        "fd20:ce::254/128",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
        "64:ff9b:1::/48",
    )
]
_GLOBAL_V6 = ip_network("2000::/3")
_NAT64 = ip_network("64:ff9b::/96")


def _plain(text: str) -> IPv4Address | IPv6Address:
    """The address that is really reached: zone dropped, IPv4 taken out of mapped and NAT64 addresses."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def may_reach(text: str, *, allowed: bool) -> bool:
    """Whether an address may be connected to; ``allowed`` opens private ones, never metadata services."""
    address = _plain(text)
    if any(address in net for net in _NEVER):
        return False
    if any(address in net for net in _PRIVATE):
        return allowed
    return isinstance(address, IPv4Address) or address in _GLOBAL_V6


def checked(host: str, port: int, limits: Limits) -> list[str]:
    """The addresses of a host, all of them reachable by policy. The caller connects to these and resolves no more.

    Raises ``Stopped``: one address out of bounds refuses the host, for the next answer may bring it first.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, OverflowError):
        raise Stopped("error", f"{shown(host)} has no address; correct the name or see to name resolution.") from None
    addresses = list(dict.fromkeys(str(row[4][0]) for row in found))
    name = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    allowed = name.lower() in {entry.lower() for entry in limits.allow_private}
    if not addresses or not all(may_reach(address, allowed=allowed) for address in addresses):
        raise Stopped(
            "refused",
            f"{shown(name)} is at a private or reserved address; if it is meant, let policy allow that host and port.",
        )
    return addresses
