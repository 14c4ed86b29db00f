"""The way out: nobody is led to where they may not go, by name, number, redirect or patience."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread, Timer
from typing import Any

import pytest

from supply import outside
from tests.listening import listening


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:4700::6810:84e5", True),
        ("::ffff:93.184.216.34", True),
        *(
            (address, False)
            for address in (
                *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.3.4", "192.168.1.1", "100.64.0.1"),
                *("169.254.169.254", "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.7"),
                *("::1", "::", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1"),
                *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::10.0.0.1"),
                *("64:ff9b:1::10.0.0.1", "2002:7f00:1::", "2002:a00:1::1", "2001:0:7f00:1::"),
                *("fec0::1", "feff:ffff::1", "192.0.0.8", "192.88.99.1", "3fff::1"),
            )
        ),
    ],
)
def test_what_is_public(address: str, public: bool) -> None:
    assert outside.is_public(address) is public


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://example.com/",
            "ftp://example.com/",
            "file:///etc/passwd",
            "//example.com",
            "example.com",
            "",
        ),
        *("https:///x", "https://", "https://me@example.com/", "https://me:you@example.com/"),
        *("https://example.com/#x", "https://exa mple.com/", "https://example.com\\@127.0.0.1/"),
        *("https://example.com/\r\nX: y", "https://ví-dụ.vn/", "https://example.com:99999/"),
        *("https://localhost/", "https://Spa.LocalHost.:8443/x", "https://router/", "https://nas.local/"),
        *("https://db.internal/", "https://a.home.arpa/", "https://127.1/", "https://2130706433/"),
        *("https://0x7f.0x1/", "https://10.0.0.1./"),
        *("https://127.0.0.1/", "https://[::1]/", "https://[::ffff:10.0.0.1]:8443/x", "https://10.1.1.1:80/"),
    ],
)
def test_what_is_no_address_of_ours(url: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any of its words
        outside.taken_apart(url)
    with pytest.raises(outside.Refused):
        outside.post(url, b"", {})


def test_an_address_is_taken_apart() -> None:
    taken = outside.taken_apart("https://Example.com:8443/a/b?c=d")
    assert taken == outside.Address(True, "example.com", 8443, "/a/b?c=d")
    assert outside.taken_apart("https://example.com") == outside.Address(True, "example.com", 443, "/")
    assert outside.taken_apart("http://127.0.0.1:81", private=True).port == 81


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Whom a connection is made to; it fails there."""
    seen: list[Any] = []

    def connect(address: Any, *_told: Any) -> None:
        seen.append(address)
        raise OSError("nobody there")

    monkeypatch.setattr(socket, "create_connection", connect)
    return seen


def names(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
    """What the name server says, each time something else; the last goes on."""
    rest = list(answers)

    def look(_host: str, port: int, **_told: Any) -> list[Any]:
        found = rest.pop(0) if len(rest) > 1 else rest[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", look)


@pytest.mark.parametrize("found", [["10.0.0.8"], ["93.184.216.34", "127.0.0.1"], ["::ffff:127.0.0.1"], []])
def test_a_name_that_leads_inside_is_refused(
    monkeypatch: pytest.MonkeyPatch, reached: list[Any], found: list[str]
) -> None:
    names(monkeypatch, found)
    assert outside.leads_inside("https://hook.example/")
    with pytest.raises(outside.Refused):
        outside.post("https://hook.example/", b"", {})
    assert reached == []


def test_the_address_that_was_judged_is_the_one_that_is_called(
    monkeypatch: pytest.MonkeyPatch, reached: list[Any]
) -> None:
    """A name server that says something else the second time changes nothing."""
    names(monkeypatch, ["93.184.216.34"], ["127.0.0.1"])
    with pytest.raises(outside.NotSent, match="nobody there"):
        outside.post("https://hook.example:8443/", b"", {})
    assert reached == [("93.184.216.34", 8443)]


def test_odd_ways_to_write_this_machine_lead_nowhere(reached: list[Any]) -> None:
    for host in ("localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1"):
        with pytest.raises(outside.NotSent):
            outside.post(f"https://{host}/", b"", {})
    assert reached == []


def test_a_redirect_is_an_answer_and_not_followed() -> None:
    with listening() as inside, listening() as listener:
        listener.answers = [(307, {"Location": inside.url})]
        answer = outside.post(listener.url, b"{}", {"x-told": "1"}, private=True)
        assert (answer.status, answer.text) == (307, "no thanks")
        assert inside.got == []
        assert listener.got[0][0]["x-told"] == "1"
        assert listener.got[0][1] == b"{}"


@contextmanager
def dripping(head: bytes) -> Iterator[int]:
    """The port of one that answers with a head and then a byte at a time, for ever."""
    with socket.create_server(("127.0.0.1", 0)) as door:

        def drip() -> None:
            guest, _address = door.accept()
            with guest:
                guest.sendall(head)
                for _byte in range(50):
                    try:
                        guest.sendall(b"x")
                    except OSError:
                        return
                    time.sleep(0.05)

        thread = Thread(target=drip, daemon=True)
        thread.start()
        yield door.getsockname()[1]
        thread.join()


def test_who_answers_for_ever_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside, "SECONDS", 0.3)
    begun = time.monotonic()
    with dripping(b"HTTP/1.1 200 OK\r\nX: ") as port, pytest.raises(outside.NotSent):
        outside.post(f"http://127.0.0.1:{port}/", b"", {}, private=True)
    assert time.monotonic() - begun < 2


def test_who_greets_for_ever_is_cut_off() -> None:
    with dripping(b"\x16\x03\x03\x40\x00") as port:
        connection = outside._Pinned(outside.Address(True, "127.0.0.1", port, "/"), "127.0.0.1")
        Timer(0.1, connection.cut).start()
        begun = time.monotonic()
        with pytest.raises(OSError):  # noqa: PT011 - it depends on where it was when it was cut
            connection.connect()
        assert time.monotonic() - begun < 2
        connection.close()
