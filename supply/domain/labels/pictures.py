"""Codes in a photo. Pure: bytes in, texts out; a picture is looked at and never kept.

What comes in may be anything. So the format is one of three, the size is known before a pixel is unpacked,
and a photo is unpacked at the size in which it is searched. One is read at a time, so the memory is bounded.
"""

from __future__ import annotations

import threading
import time
from io import BytesIO
from typing import BinaryIO

import zxingcpp
from PIL import Image, ImageOps

from supply.errors import Invalid, Unavailable
from supply.i18n import lazy

MAX_BYTES = 12 * 1024 * 1024
# A phone's photo has 12 million pixels; what is not JPEG cannot be unpacked smaller than it is.
MAX_PIXELS = {"JPEG": 25_000_000, "PNG": 10_000_000, "WEBP": 8_000_000}
# The longer side in which a picture is searched: small first, which is quick and mostly enough.
_SIDES = (1000, 2000)
_PATIENCE_SECONDS = 1.5
_QUEUE_SECONDS = 10
_MOST_CODES = 10
# Whatever Pillow says of a file that is not what it seems.
_BROKEN = (OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, ArithmeticError, MemoryError)
_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_turn = threading.BoundedSemaphore(1)


def read_codes(picture: bytes) -> list[str]:
    """The texts of the codes in a picture, as a scanner would type them; none where there is none.

    Raises Invalid("picture_too_large" | "picture_unreadable"), Unavailable where too many wait.
    """
    if len(picture) > MAX_BYTES:
        raise _too_large()
    if not _turn.acquire(timeout=_QUEUE_SECONDS):
        busy = lazy("Too many pictures are being read. Try again in a moment.")
        raise Unavailable("pictures_busy", busy, details={"retry_after": 5})
    try:
        return _search(_unpacked(BytesIO(picture)))
    except _BOMBS as error:
        raise _too_large() from error
    except _BROKEN as error:
        words = lazy("This is not a picture that can be read. Take a photo, or type the code.")
        raise Invalid("picture_unreadable", words, field="picture") from error
    finally:
        _turn.release()


def _unpacked(file: BinaryIO) -> Image.Image:
    """The picture in grey, upright, no larger than it is searched."""
    with Image.open(file, formats=tuple(MAX_PIXELS)) as image:
        if image.width * image.height > MAX_PIXELS[str(image.format)]:
            raise _too_large()
        # A JPEG is unpacked at an eighth, a quarter or half its size, never below what is searched.
        image.draft("L", (_SIDES[-1], _SIDES[-1]))
        grey = image.convert("L")
        grey.thumbnail((_SIDES[-1], _SIDES[-1]))
        return ImageOps.exif_transpose(grey)


def _search(grey: Image.Image) -> list[str]:
    began = time.monotonic()
    for side in _SIDES:
        smaller = grey.copy()
        smaller.thumbnail((side, side))
        found = zxingcpp.read_barcodes(smaller, text_mode=zxingcpp.TextMode.Plain)
        if found or smaller.size == grey.size or time.monotonic() - began > _PATIENCE_SECONDS:
            return _texts(found[:_MOST_CODES])
    return []


def _texts(found: list[zxingcpp.Barcode]) -> list[str]:
    """What each says, with the name of its symbol in front where it carries GS1 fields; each once."""
    texts = []
    for one in found:
        fields = one.content_type == zxingcpp.ContentType.GS1
        texts.append(f"{one.symbology_identifier}{one.text}" if fields else str(one.text))
    return list(dict.fromkeys(text for text in texts if text.strip()))


def _too_large() -> Invalid:
    words = lazy("This picture is too large. Take it smaller, or type the code.")
    return Invalid("picture_too_large", words, field="picture")
