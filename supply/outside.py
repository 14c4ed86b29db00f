"""The way out to an address that somebody typed: resolved once, refused where it is not public, pinned.

Follows no redirect, uses no proxy, reads little of the answer and waits for a bounded time. Knows neither who
asks nor what is sent.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from threading import Timer
from urllib.parse import urlsplit

SECONDS = 10.0
MOST_BYTES = 2_000
# Names that lead to this machine or its own network, wherever they are asked for.
_INNER_NAMES = ("localhost", "local", "home.arpa", "internal")
_NAT64 = IPv6Network("64:ff9b::/96")
# Of these the standard library says that they are global: site-local addresses, which old networks still
# use, protocol assignments, the way from IPv4 to IPv6, and examples in books.
_NOT_PUBLIC = (
    IPv6Network("fec0::/10"),
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.88.99.0/24"),
    IPv6Network("3fff::/20"),
)


class NotSent(Exception):
    """It did not get there; the text says why, in words for whoever looks after it."""


class Refused(NotSent):
    """The address leads somewhere that nobody may be sent to from here."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address taken apart. `target` is its path with its query."""

    secure: bool
    host: str
    port: int
    target: str


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    text: str


def taken_apart(url: str, *, private: bool = False) -> Address:
    """Raises ValueError for what is not HTTPS, names a user or a fragment, or a host that is not public.

    With `private` HTTP and private hosts are let through. Asks no name server.
    """
    parts = urlsplit(url)
    if parts.scheme not in (("https", "http") if private else ("https",)):
        raise ValueError("scheme")
    if not url.isascii() or any(char <= " " or char == "\\" for char in url):
        raise ValueError("characters")
    if not parts.hostname or parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError("form")
    secure = parts.scheme == "https"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    address = Address(secure, parts.hostname, parts.port or (443 if secure else 80), target)
    if not private and _is_inner(address.host):
        raise ValueError("private")
    return address


def _is_inner(host: str) -> bool:
    """What is known of a host without asking anybody: a number that is not public, a name that never is."""
    try:
        return not is_public(host)
    except ValueError:
        name = host.rstrip(".").lower()
    last = name.rpartition(".")[2]
    # A name without a dot is one of the own network, and a last part of digits an odd way to write a number.
    return last == name or last[:1].isdigit() or any(f".{name}".endswith(f".{one}") for one in _INNER_NAMES)


def leads_inside(url: str) -> bool:
    """Whether a name server says so now. False where it is not known: whoever calls it asks again.

    Takes as long as the name server does, so never within a transaction.
    """
    try:
        _resolved(taken_apart(url), private=False)
    except Refused:
        return True
    except (NotSent, ValueError):
        return False
    return False


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet, also where it wraps another one."""
    ip = ip_address(address.partition("%")[0])
    inner = _wrapped(ip)
    if inner is not None:
        return is_public(str(inner))
    listed = any(ip in network for network in _NOT_PUBLIC)
    return ip.is_global and not (listed or ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def _wrapped(ip: IPv4Address | IPv6Address) -> IPv4Address | None:
    """The IPv4 address within: mapped, 6to4, NAT64. Other wraps (Teredo) are not public anyway."""
    if isinstance(ip, IPv4Address):
        return None
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour


def post(url: str, body: bytes, headers: Mapping[str, str], *, private: bool = False) -> Answer:
    """POST once. Raises Refused, and NotSent for whatever kept it from being answered."""
    try:
        address = taken_apart(url, private=private)
        where = _resolved(address, private=private)
    except ValueError as error:
        raise Refused(f"This address may not be called ({error}).") from error
    connection = _Pinned(address, where)
    # Each read has a limit of its own; this one is for who sends a byte every few seconds.
    deadline = Timer(SECONDS, connection.cut)
    deadline.daemon = True
    deadline.start()
    try:
        connection.request("POST", address.target, body, dict(headers))
        response = connection.getresponse()
        text = response.read(MOST_BYTES).decode("utf-8", "replace")
        if connection.cut_off:
            raise TimeoutError(f"no whole answer within {SECONDS:g} seconds")
        return Answer(response.status, text)
    except (OSError, HTTPException, ValueError) as error:
        raise NotSent(f"{type(error).__name__}: {error}") from error
    finally:
        deadline.cancel()
        connection.close()


def _resolved(address: Address, *, private: bool) -> str:
    """The IP address to connect to. A name with any address that is not public is refused whole."""
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotSent(f"The name server knows no {address.host}: {error}") from error
    addresses = [str(one[4][0]) for one in found]
    if not addresses or not (private or all(map(is_public, addresses))):
        raise Refused(f"{address.host} leads to an address that is not public.")
    return addresses[0]


class _Pinned(HTTPConnection):
    """Connects to the address that was judged, whatever the name says by now; TLS still wants the name."""

    def __init__(self, address: Address, where: str) -> None:
        super().__init__(address.host, address.port, timeout=SECONDS)
        self._secure, self._where = address.secure, where
        # What the Host header leaves out.
        self.default_port = 443 if address.secure else 80
        self.cut_off = False

    def connect(self) -> None:
        self.sock = socket.create_connection((self._where, self.port), SECONDS)
        if self._secure:
            # Known before it greets: a greeting that never ends is cut off like an answer.
            self.sock = ssl.create_default_context().wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
        if self.cut_off:
            raise TimeoutError("cut off before it was reached")
        if isinstance(self.sock, ssl.SSLSocket):
            self.sock.do_handshake()

    def cut(self) -> None:
        """End it from another thread: whoever reads from it wakes up."""
        self.cut_off = True
        if self.sock is not None:
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)
