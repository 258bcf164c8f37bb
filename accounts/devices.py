"""Devices that a person is reached on: where a message is sent to is theirs alone, and sealed."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from accounts.keys import HOUSE, Keys
from database.connect import Pool
from database.ids import uuid7
from events.errors import Rejected

DEVICE = "device"
"""What addresses of devices are sealed for."""
MOST = 20
"""Devices of a person: past that the one that was registered longest ago is forgotten."""
TOKEN_LENGTH = 4096
"""In characters: a subscription to web push, with its keys, has some hundred."""


class Platform(StrEnum):
    """What a device is."""

    IOS = "IOS"
    ANDROID = "ANDROID"
    WEB = "WEB"


class InvalidDeviceToken(Rejected):
    """The token of a device has 1 to 4,096 printable ASCII characters, as the platform gives it."""

    code: ClassVar[str] = "INVALID_DEVICE_TOKEN"
    path = ("token",)


class UnknownDevice(Rejected):
    """You have no such device."""

    code: ClassVar[str] = "UNKNOWN_DEVICE"
    path = ("deviceId",)


# a device that changed hands is its new owner's alone
_REGISTER = """
with forgotten as (
  delete from devices where id in (
    select id from devices where user_id = %(user_id)s and token_digest <> %(digest)s
     order by registered_at desc, id desc offset %(others)s)
)
insert into devices as d (id, user_id, platform, token_sealed, token_digest)
select %(id)s, id, %(platform)s, %(sealed)s, %(digest)s from users where id = %(user_id)s
on conflict (token_digest) do update set
  id = case when d.user_id = excluded.user_id then d.id else excluded.id end,
  user_id = excluded.user_id, platform = excluded.platform, token_sealed = excluded.token_sealed, registered_at = now()
returning id
"""
_REMOVE = "delete from devices where id = %s and user_id = %s"


async def register_device(
    pool: Pool, keys: Keys, user_id: UUID, platform: Platform, token: str
) -> UUID | None:
    """Return the id of a person's device, the same for the same token; None where the person is not there any more.

    Raises InvalidDeviceToken, AccountErased.
    """
    if not 1 <= len(token) <= TOKEN_LENGTH or not token.isascii() or not token.isprintable():
        raise InvalidDeviceToken
    data_keys = await keys.get(pool, [HOUSE, user_id], make=True)
    row = {
        "id": uuid7(),
        "user_id": user_id,
        "platform": platform,
        "sealed": data_keys[user_id].seal(DEVICE, token),
        "digest": data_keys[HOUSE].digest(DEVICE, token),
        "others": MOST - 1,
    }
    async with pool.connection() as conn:
        found = await (await conn.execute(_REGISTER, row)).fetchone()
    return found[0] if found else None


async def remove_device(pool: Pool, user_id: UUID, device_id: UUID) -> None:
    """Forget a device of a person. Raises UnknownDevice."""
    async with pool.connection() as conn:
        if not (await conn.execute(_REMOVE, (device_id, user_id))).rowcount:
            raise UnknownDevice
