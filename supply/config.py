"""Settings from the environment, typed. A malformed value stops the start with a clear sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

_ADDRESS = re.compile(r"[^@\s,<>]+@[^@\s,<>]+")


class SettingsError(Exception):
    """A setting that cannot be meant; the text names the variable and what it takes."""


@dataclass(frozen=True)
class Settings:
    """Everything that may differ between installations. docs/settings.md says what each is for."""

    secret_key: str
    database_url: str
    session_hours: int = 12
    session_idle_minutes: int = 120
    tablet_idle_minutes: int = 5
    secure_cookies: bool = True
    trusted_proxies: int = 0
    default_locale: str = "vi"
    rate_limit_per_minute: int = 600
    rate_limit_storage: str = "memory://"
    max_body_kb: int = 1024
    database_pool: int = 8
    log_level: str = "INFO"
    metrics_token: str = ""
    mail_host: str = ""
    mail_port: int = 587
    mail_security: str = "starttls"
    mail_user: str = ""
    mail_password: str = ""
    mail_from: str = ""
    webhook_private: bool = False

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Read SUPPLY_* variables. Raises SettingsError with a sentence for the operator."""
        read = _Reader(environ)
        database_url = read.database_url("SUPPLY_DATABASE_URL", "sqlite:///instance/supply.sqlite")
        return cls(
            secret_key=read.secret("SUPPLY_SECRET_KEY", "SUPPLY_SECRET_KEY_FILE", "instance/secret-key"),
            database_url=database_url,
            session_hours=read.integer("SUPPLY_SESSION_HOURS", cls.session_hours, 1, 24 * 30),
            session_idle_minutes=read.integer(
                "SUPPLY_SESSION_IDLE_MINUTES", cls.session_idle_minutes, 1, 1440
            ),
            tablet_idle_minutes=read.integer("SUPPLY_TABLET_IDLE_MINUTES", cls.tablet_idle_minutes, 2, 240),
            secure_cookies=read.flag("SUPPLY_SECURE_COOKIES", cls.secure_cookies),
            trusted_proxies=read.integer("SUPPLY_TRUSTED_PROXIES", cls.trusted_proxies, 0, 5),
            default_locale=read.choice("SUPPLY_DEFAULT_LOCALE", cls.default_locale, ("en", "vi")),
            rate_limit_per_minute=read.integer("SUPPLY_RATE_LIMIT", cls.rate_limit_per_minute, 1, 1_000_000),
            rate_limit_storage=environ.get("SUPPLY_RATE_LIMIT_STORAGE", cls.rate_limit_storage),
            max_body_kb=read.integer("SUPPLY_MAX_BODY_KB", cls.max_body_kb, 16, 65_536),
            database_pool=read.integer("SUPPLY_DATABASE_POOL", cls.database_pool, 1, 200),
            log_level=read.choice("SUPPLY_LOG_LEVEL", cls.log_level, ("DEBUG", "INFO", "WARNING", "ERROR")),
            metrics_token=environ.get("SUPPLY_METRICS_TOKEN", cls.metrics_token),
            webhook_private=read.flag("SUPPLY_WEBHOOK_PRIVATE", cls.webhook_private),
            **read.mail(),
        )

    @property
    def sqlite(self) -> bool:
        return make_url(self.database_url).get_backend_name() == "sqlite"


class _Reader:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        text = self.environ.get(name)
        if text is None:
            return default
        try:
            value = int(text)
        except ValueError:
            raise SettingsError(
                f"{name} must be a whole number from {low} to {high}, not {text!r}."
            ) from None
        if not low <= value <= high:
            raise SettingsError(f"{name} must be from {low} to {high}, not {value}.")
        return value

    def flag(self, name: str, default: bool) -> bool:
        text = self.environ.get(name)
        if text is None:
            return default
        if text.lower() in ("1", "true", "yes", "on"):
            return True
        if text.lower() in ("0", "false", "no", "off"):
            return False
        raise SettingsError(f"{name} must be yes or no, not {text!r}.")

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        text = self.environ.get(name, default)
        if text not in allowed:
            raise SettingsError(f"{name} must be one of {', '.join(allowed)}, not {text!r}.")
        return text

    def database_url(self, name: str, default: str) -> str:
        text = self.environ.get(name, default)
        try:
            url = make_url(text)
        except ArgumentError:
            raise SettingsError(f"{name} is not a database address: {text!r}.") from None
        if url.get_backend_name() not in ("sqlite", "postgresql"):
            raise SettingsError(f"{name} must name sqlite or postgresql, not {url.get_backend_name()!r}.")
        if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
            return str(url.set(database=str(Path(url.database).absolute())))
        return text

    def mail(self) -> dict[str, Any]:
        """The mail server, if there is one: then it must be said who writes."""
        host = self.environ.get("SUPPLY_MAIL_HOST", "")
        sender = self.environ.get("SUPPLY_MAIL_FROM", "")
        if host and not _ADDRESS.fullmatch(sender):
            raise SettingsError(
                f"SUPPLY_MAIL_FROM must be the address of the spa, like orders@example.com, not {sender!r}."
            )
        return {
            "mail_host": host,
            "mail_port": self.integer("SUPPLY_MAIL_PORT", Settings.mail_port, 1, 65_535),
            "mail_security": self.choice(
                "SUPPLY_MAIL_SECURITY", Settings.mail_security, ("none", "starttls", "tls")
            ),
            "mail_user": self.environ.get("SUPPLY_MAIL_USER", ""),
            "mail_password": self.environ.get("SUPPLY_MAIL_PASSWORD", ""),
            "mail_from": sender,
        }

    def secret(self, name: str, file_name: str, default_file: str) -> str:
        value = self.environ.get(name, "")
        path = Path(self.environ.get(file_name, default_file))
        if not value and path.is_file():
            value = path.read_text(encoding="utf-8").strip()
        if len(value) < 32:
            raise SettingsError(
                f"{name} (or the file that {file_name} names) must hold at least 32 characters. "
                "`python -m supply.cli.setup` writes one for a single machine."
            )
        return value
