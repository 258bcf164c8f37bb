"""Accounts as people make them: what is personal sealed under each one's own key, profiles, devices and wishes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

from accounts.devices import DEVICE
from accounts.emails import EMAIL
from accounts.hashes import hash_password
from accounts.keys import HOUSE, DataKey, Keys
from accounts.names import login_key
from accounts.profiles import DATE_OF_BIRTH, PHONE
from benchmarks.catalogue import device, person
from benchmarks.postgres import Conn
from notifications.rounds import next_round

BATCH = 5_000
PASSWORD = "a-password-of-everybody"
"""Of every seeded account."""
_HASHES, _COST = 8, 12
_ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "Africa/Accra")
_COUNTRIES = ("GB", "DE", "US", "JP", "GH")
_LANGUAGES = ("en", "de", "fr", "ja", "en")
_PLATFORMS = {"WEB": 3, "IOS": 6, "ANDROID": 8}
"""Of ten people so many have a device of this kind or one before it; the others have none."""

Row = tuple[Any, ...]
_COPIES = {
    "users": (
        "id, email_sealed, email_digest, username, username_key, password_hash, roles, privacy, created_at, updated_at,"
        " last_signed_in_at, premium_since",
        "uuid bytea bytea text text text text[] text timestamptz timestamptz timestamptz timestamptz",
    ),
    "user_keys": ("user_id, wrapped, master_key_id", "uuid bytea text"),
    "profiles": (
        "user_id, first_name, last_name, bio, preferred_language, languages, time_zone, country, phone_sealed,"
        " date_of_birth_sealed",
        "uuid text text text text text[] text text bytea bytea",
    ),
    "devices": ("id, user_id, platform, token_sealed, token_digest", "uuid uuid text bytea bytea"),
    "notification_preferences": (
        "user_id, weekly_digest, trending_alerts, digest_day, open_tracking, click_tracking",
        "uuid bool bool int2 bool bool",
    ),
    "notification_rounds": (
        "user_id, due_at, day, digest_time, time_zone",
        "uuid timestamptz date time text",
    ),
}


def load(conn: Conn, keys: Keys, people: int, days: int, advance: Callable[[int], None]) -> None:
    """Make accounts numbered from 1, signed up in the year before the `days` that are told of.

    All have the same password: a hash takes a quarter of a second, so a few are shared.
    """
    house = keys.fetch(conn, [HOUSE], make=True)[HOUSE]
    hashes = [hash_password(PASSWORD, _COST) for _ in range(_HASHES)]
    now = datetime.now(UTC)
    for low in range(1, people + 1, BATCH):
        made = [
            _rows(keys, house, n, hashes[n % _HASHES], now, now - timedelta(days=days + n % 365))
            for n in range(low, min(low + BATCH, people + 1))
        ]
        with conn.transaction(), conn.cursor() as cursor:
            for table, (columns, types) in _COPIES.items():
                with cursor.copy(f"copy {table} ({columns}) from stdin (format binary)".encode()) as copy:
                    copy.set_types(types.split())
                    for one in made:
                        if table in one:
                            copy.write_row(one[table])
        advance(len(made))


def has_device(number: int) -> bool:
    """Whether a person has a browser that takes pushes."""
    return number % 10 < _PLATFORMS["WEB"]


def _rows(keys: Keys, house: DataKey, n: int, hashed: str, now: datetime, joined: datetime) -> dict[str, Row]:
    """Return a person's rows by table."""
    user_id = person(n)
    key, key_row = keys.mint(user_id)
    email, username, token = f"person{n}@mail.example", f"person{n}", _token(n)
    zone, digest_time = _ZONES[n % len(_ZONES)], time(9)
    day, due = next_round(now, digest_time, zone)
    rows: dict[str, Row] = {
        "users": (
            *(user_id, key.seal(EMAIL, email), house.digest(EMAIL, login_key(email))),
            *(username, login_key(username), hashed, ["person"], "FOLLOWERS"),
            *(joined, joined, now - timedelta(hours=n % 700), joined if n % 20 == 0 else None),
        ),
        "user_keys": (user_id, key_row["wrapped"], key_row["master_key_id"]),
        "profiles": (
            *(
                user_id,
                f"First{n % 997}",
                f"Last{n % 1_499}",
                "Likes films of every kind, old ones most of all.",
            ),
            *(_LANGUAGES[n % len(_LANGUAGES)], ["en"], zone, _COUNTRIES[n % len(_COUNTRIES)]),
            key.seal(PHONE, f"+4420{n:08d}"),
            key.seal(DATE_OF_BIRTH, f"{1950 + n % 55}-{1 + n % 12:02d}-{1 + n % 28:02d}"),
        ),
        "notification_rounds": (user_id, due, day, digest_time, zone),
        "notification_preferences": (user_id, True, n % 4 == 0, 1 + n % 7, n % 2 == 0, n % 5 < 2),
    }
    for platform, below in _PLATFORMS.items():
        if n % 10 < below:
            digest = house.digest(DEVICE, token)
            rows["devices"] = (device(n), user_id, platform, key.seal(DEVICE, token), digest)
            break
    return rows


def _token(n: int) -> str:
    """Return what a push service would give: an address and two keys."""
    return f'{{"endpoint":"https://push.example/{n:032d}","keys":{{"p256dh":"{n:087d}","auth":"{n:022d}"}}}}'


def batches(people: int) -> Iterator[range]:
    """Give the numbers of all people, some thousand at a time."""
    for low in range(1, people + 1, BATCH):
        yield range(low, min(low + BATCH, people + 1))
