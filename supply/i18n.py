"""The one door to gettext. Domain messages are lazy: the edge turns them into the reader's language."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from flask_babel import force_locale, get_locale, gettext, lazy_gettext, lazy_ngettext, ngettext

LOCALES = ("en", "vi")


class Text(Protocol):
    """A message that becomes words when somebody reads it: a str or a lazy string."""

    def __str__(self) -> str: ...


def lazy(message: str, **values: object) -> Text:
    """A message for later; values may be lazy too."""
    text: Text = lazy_gettext(message, **values)
    return text


def _(message: str, **values: object) -> str:
    """A message now, in the language of the request."""
    return str(gettext(message, **values))


def plural(singular: str, many: str, count: int, **values: object) -> str:
    """A counted message now."""
    return str(ngettext(singular, many, count, **values))


def locale_now() -> str:
    """The language of the request as its code; English outside of one."""
    locale = get_locale()
    return locale.language if locale is not None else "en"


@contextmanager
def speaking(locale: str) -> Iterator[None]:
    """Within the block messages become words of this language: for a paper that somebody else reads."""
    with force_locale(locale):
        yield


__all__ = ["LOCALES", "Text", "_", "lazy", "lazy_ngettext", "locale_now", "plural", "speaking"]
