"""What a scanned text is, and what a photo holds: pure, over tables and pictures drawn here."""

from __future__ import annotations

import struct
import zlib
from datetime import date
from io import BytesIO
from random import Random

import pytest
import segno
import zxingcpp
from PIL import Image

from supply.domain.catalog import gtin
from supply.domain.labels import pictures, qr
from supply.domain.labels.deciphering import Kind, decipher
from supply.domain.labels.tags import LENGTH, SIGNS, find_tag, new_tag, spaced
from supply.errors import Invalid, Unavailable

GS = "\x1d"
P = "09501101020917"
TAG = "C12345678T"
MAY = date(2027, 5, 31)


@pytest.mark.parametrize(
    ("text", "kind", "product", "lot", "expires_on"),
    [
        (f"]C101{P}1727053110A-1{GS}2199", Kind.GS1, P, "A-1", MAY),
        (f"]d201{P}10A-1{GS}17270531", Kind.GS1, P, "A-1", MAY),
        (f"{GS}01{P}10A-1{GS}17270531", Kind.GS1, P, "A-1", MAY),
        (f"01{P}1727053110A-1", Kind.GS1, P, "A-1", MAY),
        (f"(01){P}(17)270531(10)A-1", Kind.GS1, P, "A-1", MAY),
        (f"(10)A-1(17)270531(01){P}", Kind.GS1, P, "A-1", MAY),
        # A scanner that swallows the separators; a lot number may end in digits that are no day.
        (f"01{P}10A-117270531", Kind.GS1, P, "A-1", MAY),
        (f"]C101{P}10A-117270531", Kind.GS1, P, "A-1", MAY),
        (f"01{P}10A-117271331", Kind.GS1, P, "A-117271331", None),
        (f"01{P}1727053110A-117260101", Kind.GS1, P, "A-117260101", MAY),
        (f"01{P}10A-117270531{GS}21X", Kind.GS1, P, "A-117270531", None),
        (f"(01){P}(10)A-117270531", Kind.GS1, P, "A-117270531", None),
        # Brackets within a lot number: what is left of it would be another one.
        (f"(01){P}(10)A(7)(17)270531", Kind.OTHER, "", "", None),
        # A day of 00 is the last of its month; the last day of use goes before the best one.
        (f"(01){P}(17)270200", Kind.GS1, P, "", date(2027, 2, 28)),
        (f"(01){P}(15)270401(17)270531", Kind.GS1, P, "", MAY),
        (f"(01){P}(15)270531", Kind.GS1, P, "", MAY),
        (f"https://id.gs1.org/01/{P}/10/A-1?17=270531", Kind.GS1, P, "A-1", MAY),
        # Of a pallet no product can be told; only a scanner's word makes a GS1 message of it.
        ("]C100395011010209170011" + "10A-1", Kind.GS1, "", "A-1", None),
        ("10A-1", Kind.OTHER, "", "", None),
        (f"(01){P}(17)271332", Kind.OTHER, "", "", None),
        (f"01{P[:-1]}810A-1", Kind.MISREAD, "", "", None),
        ("5901234123457", Kind.PRODUCT, "05901234123457", "", None),
        ("5 901234 123457", Kind.PRODUCT, "05901234123457", "", None),
        ("]E05901234123457", Kind.PRODUCT, "05901234123457", "", None),
        ("036000291452", Kind.PRODUCT, "00036000291452", "", None),
        ("0036000291452", Kind.PRODUCT, "00036000291452", "", None),
        ("96385074", Kind.PRODUCT, "00000096385074", "", None),
        ("04252614", Kind.PRODUCT, "00042100005264", "", None),
        ("5901234123450", Kind.MISREAD, "", "", None),
        ("036000291453", Kind.MISREAD, "", "", None),
        ("96385075", Kind.MISREAD, "", "", None),
        ("1234567", Kind.OTHER, "", "", None),
        ("GỪNG 7", Kind.OTHER, "", "", None),
        ("https://example.com/01/x", Kind.OTHER, "", "", None),
        (f"https://example.com/{TAG}", Kind.OTHER, "", "", None),
        ("]C1", Kind.OTHER, "", "", None),
        ("(((", Kind.OTHER, "", "", None),
    ],
)
def test_what_a_text_is(text: str, kind: Kind, product: str, lot: str, expires_on: date | None) -> None:
    told = decipher(text)
    assert (told.kind, told.product, told.lot_number, told.expires_on) == (kind, product, lot, expires_on)


@pytest.mark.parametrize(
    "text",
    [
        *(TAG, TAG.lower(), spaced(TAG), f"]Q1{TAG}", "C I234S678T"),
        # A scanner that types through a Vietnamese keyboard layout spoils the host and not the tag.
        *(
            f"https://spa.lan/s/{TAG}",
            f"HTTPS://SƯPPLY.LAN/S/{TAG}/",
            f"http://10.0.0.7:8000/s/{TAG.lower()}",
        ),
    ],
)
def test_our_own_labels_are_read_however_they_are_typed(text: str) -> None:
    told = decipher(text)
    assert (told.kind, told.tag) == (Kind.OURS, TAG)


def test_a_tag_finds_one_wrong_sign_and_two_that_changed_places() -> None:
    for tag in (TAG, new_tag()):
        for place in range(LENGTH):
            wrong = [tag[:place] + sign + tag[place + 1 :] for sign in SIGNS if sign != tag[place]]
            swapped = tag[:place] + tag[place + 1 : place + 2] + tag[place] + tag[place + 2 :]
            assert not any(find_tag(one) for one in wrong)
            assert swapped == tag or find_tag(swapped) is None
    assert len({new_tag() for _time in range(50)}) == 50
    assert not set(SIGNS) & set("AEIOUYWD")


def test_check_digits() -> None:
    assert [gtin.check_digit(one) for one in ("590123412345", "03600029145", "9638507")] == ["7", "2", "4"]


# --- photos ------------------------------------------------------------------------------------------------


def drawn(text: str, *, symbol: str = "") -> Image.Image:
    """A code in black on white: a QR by default."""
    if symbol:
        kind = zxingcpp.barcode_format_from_str(symbol)
        bars = memoryview(zxingcpp.create_barcode(text, kind, gs1=text.startswith("(")).to_image(scale=3))
        return Image.frombytes("L", bars.shape[::-1], bars.tobytes()).convert("RGB")
    file = BytesIO()
    segno.make(text, error="q", micro=False).save(file, kind="png", scale=6, border=3)
    return Image.open(file).convert("RGB")


def photo(code: Image.Image, *, angle: float = 0, kind: str = "JPEG", turned: int = 1) -> bytes:
    """The code on a restless ground, tilted, as a file; `turned` is the EXIF word for how it was held."""
    noise = Random(7).randbytes(50 * 38 * 3)
    ground = Image.frombytes("RGB", (50, 38), noise).resize((1600, 1200), Image.Resampling.NEAREST)
    ground.paste(
        code.rotate(angle, expand=True, fillcolor="white", resample=Image.Resampling.BICUBIC), (500, 300)
    )
    exif = Image.Exif()
    exif[0x0112] = turned
    file = BytesIO()
    ground.save(file, kind, exif=exif)
    return file.getvalue()


@pytest.mark.parametrize(
    ("angle", "kind", "turned"),
    [(0, "JPEG", 1), (17, "JPEG", 6), (90, "PNG", 1), (205, "WEBP", 1), (0, "JPEG", 5)],
)
def test_a_label_is_found_in_a_photo(angle: float, kind: str, turned: int) -> None:
    address = qr.address_of("https://spa.lan/", TAG)
    assert pictures.read_codes(photo(drawn(address), angle=angle, kind=kind, turned=turned)) == [address]


def test_the_bars_of_a_package_are_found_with_their_fields() -> None:
    assert pictures.read_codes(photo(drawn("5901234123457", symbol="EAN13"), angle=7)) == ["5901234123457"]
    fields = drawn(f"(01){P}(17)270531(10)A-1", symbol="Code128")
    (text,) = pictures.read_codes(photo(fields))
    assert (decipher(text).kind, decipher(text).product, decipher(text).lot_number) == (Kind.GS1, P, "A-1")


def test_a_picture_without_a_code_holds_none() -> None:
    assert pictures.read_codes(photo(Image.new("RGB", (50, 50)))) == []


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def bomb(width: int, height: int) -> bytes:
    """A PNG that says it is so large, and ends early."""
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + _chunk(b"IDAT", zlib.compress(bytes(10_000))) + _chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (bomb(60_000, 60_000), "picture_too_large"),
        (bomb(11_000, 11_000), "picture_too_large"),
        (bomb(4_000, 4_000), "picture_too_large"),
        (bomb(400, 400), "picture_unreadable"),
        (photo(drawn("x"))[:9_000], "picture_unreadable"),
        (b"", "picture_unreadable"),
        (b"GIF89a" + bytes(100), "picture_unreadable"),
        (b"\xff\xd8\xff\xe1" + bytes(1_000), "picture_unreadable"),
        (b"%PDF-1.7 not a picture", "picture_unreadable"),
        (bytes(pictures.MAX_BYTES + 1), "picture_too_large"),
    ],
)
def test_what_is_no_picture_is_told_so(file: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        pictures.read_codes(file)
    assert (refused.value.code, list(refused.value.errors)) == (code, ["picture"])


def test_one_picture_is_read_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_QUEUE_SECONDS", 0.01)
    with pictures._turn, pytest.raises(Unavailable):
        pictures.read_codes(b"")
    assert pictures._turn.acquire(blocking=False)
    pictures._turn.release()
