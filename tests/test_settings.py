"""docs/settings.md says of each setting what supply/config.py does with it."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from supply.config import Settings, SettingsError
from tests.sources import ROOT

SOURCE = (ROOT / "supply" / "config.py").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(SUPPLY_\w+)` \| (.*?) \| (.*?) \| (.+) \|$", re.M)
TOLD = {
    name: (takes, default)
    for name, takes, default, _use in ROW.findall((ROOT / "docs" / "settings.md").read_text(encoding="utf-8"))
}
RANGES = {
    name: told.group(1, 2) for name in TOLD if (told := re.fullmatch(r"(\d+) to ([\d,]+)", TOLD[name][0]))
}
SECRET = {"SUPPLY_SECRET_KEY": "x" * 32}


def read(**environ: str) -> Settings:
    return Settings.from_environment(SECRET | environ)


def stored(name: str) -> str:
    """Which field of Settings a variable fills: the only one that differs when it alone is given."""
    number = str(int(RANGES[name][0]) + 1)
    usual, changed = read(), read(**{name: number})
    (field,) = [
        one.name for one in fields(Settings) if getattr(usual, one.name) != getattr(changed, one.name)
    ]
    return field


def test_every_setting_is_described_and_nothing_else() -> None:
    assert set(TOLD) == set(re.findall(r'"(SUPPLY_\w+)"', SOURCE))


def test_what_stands_unset_is_the_default() -> None:
    usual = Settings(secret_key="", database_url="")
    for name in RANGES:
        assert int(TOLD[name][1].replace(",", "")) == getattr(usual, stored(name)), name
    assert TOLD["SUPPLY_DEFAULT_LOCALE"][1] == f"`{usual.default_locale}`"
    assert TOLD["SUPPLY_LOG_LEVEL"][1] == f"`{usual.log_level}`"
    assert TOLD["SUPPLY_RATE_LIMIT_STORAGE"][1] == f"`{usual.rate_limit_storage}`"
    assert (TOLD["SUPPLY_SECURE_COOKIES"][1] == "yes") is usual.secure_cookies
    for name in ("SUPPLY_DATABASE_URL", "SUPPLY_SECRET_KEY_FILE"):
        assert f'"{name}"' in SOURCE
        assert TOLD[name][1].strip("`") in SOURCE


@pytest.mark.parametrize("name", RANGES)
def test_ranges_are_as_told_and_a_refusal_names_the_variable(name: str) -> None:
    low, high = (int(text.replace(",", "")) for text in RANGES[name])
    for good in (low, high):
        read(**{name: str(good)})
    for bad in (str(low - 1), str(high + 1), "many", ""):
        with pytest.raises(SettingsError, match=name):
            read(**{name: bad})


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("SUPPLY_SECURE_COOKIES", "perhaps"),
        ("SUPPLY_DEFAULT_LOCALE", "fr"),
        ("SUPPLY_LOG_LEVEL", "LOUD"),
        ("SUPPLY_DATABASE_URL", "mysql://there/supply"),
        ("SUPPLY_DATABASE_URL", "not an address"),
        ("SUPPLY_SECRET_KEY", "short"),
    ],
)
def test_what_cannot_be_meant_stops_the_start(name: str, bad: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment(SECRET | {"SUPPLY_SECRET_KEY_FILE": "/nowhere", name: bad})


def test_the_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("s" * 40 + "\n")
    assert Settings.from_environment({"SUPPLY_SECRET_KEY_FILE": str(file)}).secret_key == "s" * 40


@pytest.mark.parametrize(("told", "meant"), [("yes", True), ("ON", True), ("0", False), ("false", False)])
def test_yes_and_no(told: str, meant: bool) -> None:
    assert read(SUPPLY_SECURE_COOKIES=told).secure_cookies is meant
