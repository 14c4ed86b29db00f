"""The catalogues: compiled when the program starts and they are older than their source.

No compiled one is committed.
"""

from __future__ import annotations

import os
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

FOLDER = Path(__file__).parent / "translations"


def compile_catalogues() -> None:
    """Write each messages.mo anew where its messages.po is younger. Safe when several processes start."""
    for source in FOLDER.glob("*/LC_MESSAGES/messages.po"):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open(encoding="utf-8") as lines:
            catalogue = read_po(lines, locale=source.parts[-3])
        half = target.with_suffix(f".{os.getpid()}.mo")
        with half.open("wb") as file:
            write_mo(file, catalogue)
        half.replace(target)
