"""What people say of themselves: which values are accepted, and where they are kept."""

from __future__ import annotations

import re
import unicodedata
import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, ClassVar
from urllib.parse import urlsplit
from uuid import UUID

from accounts.keys import Keys
from accounts.text import normal
from database.connect import Pool
from events.errors import Rejected

NAME_LENGTH, BIO_LENGTH, URL_LENGTH = 100, 1000, 500
"""In characters, after normalising."""
LANGUAGES = 20
OLDEST = 130
"""In years."""
PHONE, DATE_OF_BIRTH = "phone", "date of birth"
"""What sealed values are sealed for."""

# E.164: a country's number and fifteen digits at most
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}\Z", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?\Z", re.ASCII)


class Privacy(StrEnum):
    """To whom a person shows what they say of themself."""

    PUBLIC = "PUBLIC"
    FOLLOWERS = "FOLLOWERS"
    PRIVATE = "PRIVATE"


class InvalidName(Rejected):
    """A name has 1 to 100 characters that can be seen. Give null to have none."""

    code: ClassVar[str] = "INVALID_NAME"


class InvalidBio(Rejected):
    """This text has 1 to 1,000 characters. Give null to have none."""

    code: ClassVar[str] = "INVALID_BIO"
    path = ("bio",)


class InvalidAvatarUrl(Rejected):
    """The address of a picture begins with https:// and has 500 characters at most."""

    code: ClassVar[str] = "INVALID_AVATAR_URL"
    path = ("avatarUrl",)


class InvalidDateOfBirth(Rejected):
    """A date of birth is in the past, 130 years ago at most."""

    code: ClassVar[str] = "INVALID_DATE_OF_BIRTH"
    path = ("dateOfBirth",)


class InvalidPhone(Rejected):
    """Write a phone number with its country's: +49 30 901820."""

    code: ClassVar[str] = "INVALID_PHONE"
    path = ("phone",)


class InvalidLanguage(Rejected):
    """Write languages as en, pt-BR or zh-Hant, 20 at most."""

    code: ClassVar[str] = "INVALID_LANGUAGE"


class InvalidTimeZone(Rejected):
    """Use a name of the IANA time zone database, such as Europe/Berlin."""

    code: ClassVar[str] = "INVALID_TIME_ZONE"
    path = ("timeZone",)


class InvalidCountry(Rejected):
    """Use two letters of ISO 3166-1, such as DE."""

    code: ClassVar[str] = "INVALID_COUNTRY"
    path = ("country",)


class InvalidProfile(Exception):
    """Some values are refused; `rejections` says which."""

    def __init__(self, rejections: Sequence[Rejected]) -> None:
        super().__init__()
        self.rejections = rejections


def _line(value: str, most: int, refusal: type[Rejected]) -> str:
    """Return a text in its normal form without the space around it, if it can be seen and stored."""
    # the normal form of one character may be 18 of them, so the bound comes before, too
    text = normal(value.strip()) if len(value) <= 4 * most else ""
    if not 1 <= len(text) <= most or any(unicodedata.category(c) in ("Cc", "Cs", "Cn") for c in text):
        raise refusal
    return text


def _name(value: str) -> str:
    return _line(value, NAME_LENGTH, InvalidName)


def _bio(value: str) -> str:
    lines = value.replace("\r\n", "\n").replace("\t", " ").strip().split("\n")
    if len(value) > 4 * BIO_LENGTH:
        raise InvalidBio
    text = "\n".join(_line(line, BIO_LENGTH, InvalidBio) if line.strip() else "" for line in lines)
    if not 1 <= len(text) <= BIO_LENGTH:
        raise InvalidBio
    return text


def _avatar_url(value: str) -> str:
    if (
        len(value) > URL_LENGTH
        or not value.isascii()
        or any(c.isspace() or not c.isprintable() for c in value)
    ):
        raise InvalidAvatarUrl
    try:
        parts = urlsplit(value)
    except ValueError:
        raise InvalidAvatarUrl from None
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc:
        raise InvalidAvatarUrl
    return value


def _date_of_birth(value: date) -> str:
    today = datetime.now(UTC).date()
    if not today.replace(year=today.year - OLDEST, day=min(today.day, 28)) <= value < today:
        raise InvalidDateOfBirth
    return value.isoformat()


def _phone(value: str) -> str:
    digits = re.sub(r"[ ()./-]", "", value[:64])
    if len(value) > 64 or not _PHONE.match(digits):
        raise InvalidPhone
    return digits


def _language(value: str) -> str:
    if not _LANGUAGE.match(value):
        raise InvalidLanguage
    return value


def _languages(values: Sequence[str]) -> list[str]:
    chosen = list(dict.fromkeys(values))
    if len(chosen) > LANGUAGES:
        raise InvalidLanguage
    return [_language(value) for value in chosen]


def time_zone(value: str) -> str:
    """Return the name of a time zone. Raises InvalidTimeZone."""
    if value not in _time_zones():
        raise InvalidTimeZone
    return value


def _country(value: str) -> str:
    if value.upper() not in _countries():
        raise InvalidCountry
    return value.upper()


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones()) - {"localtime", "posixrules", "Factory"}


@cache
def _countries() -> frozenset[str]:
    listed = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text()
    return frozenset(line[:2] for line in listed.splitlines() if line and not line.startswith("#"))


_CLEAN: Mapping[str, Callable[[Any], Any]] = {
    "first_name": _name,
    "last_name": _name,
    "bio": _bio,
    "avatar_url": _avatar_url,
    "preferred_language": _language,
    "languages": _languages,
    "time_zone": time_zone,
    "country": _country,
    "phone": _phone,
    "date_of_birth": _date_of_birth,
}
_SEALED = {"phone": PHONE, "date_of_birth": DATE_OF_BIRTH}
_WITHOUT: Mapping[str, object] = {"preferred_language": "en", "languages": [], "time_zone": "UTC"}
"""What null means where a value is always there."""

_UPDATE = """
insert into profiles as p (user_id{columns}) select id{values} from users where id = %(user_id)s
on conflict (user_id) do update set updated_at = now(){changes}
"""


async def update_profile(pool: Pool, keys: Keys, user_id: UUID, changes: Mapping[str, Any]) -> None:
    """Change what is given, by column; None takes a value back.

    Raises InvalidProfile with every value that is refused, and then changes nothing; AccountErased.
    """
    row: dict[str, Any] = {}
    refused: list[Rejected] = []
    for name, value in changes.items():
        try:
            row[name] = _WITHOUT.get(name) if value is None else _CLEAN[name](value)
        except Rejected as rejection:
            refused.append(rejection)
            rejection.path = rejection.path or (_camel(name),)
    if refused:
        raise InvalidProfile(refused)
    for name, purpose in _SEALED.items():
        if name in row:
            text = row.pop(name)
            row[f"{name}_sealed"] = None if text is None else await keys.seal(pool, user_id, purpose, text)
    statement = _UPDATE.format(
        columns="".join(f", {name}" for name in row),
        values="".join(f", %({name})s" for name in row),
        changes="".join(f", {name} = excluded.{name}" for name in row),
    )
    async with pool.connection() as conn:
        await conn.execute(statement.encode(), {"user_id": user_id, **row})


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


_SET_PRIVACY = "update users set privacy = %s, updated_at = now() where id = %s"


async def set_privacy(pool: Pool, user_id: UUID, privacy: Privacy) -> None:
    """Change to whom a person shows themself."""
    async with pool.connection() as conn:
        await conn.execute(_SET_PRIVACY, (privacy, user_id))
