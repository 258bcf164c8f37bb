"""The stored forms of a password: how ours is made, and how those of other designs are checked.

Ours is the format `$bcrypt-sha256$v=2,t=2b,r=COST$SALT$DIGEST`, as passlib documents it: bcrypt over the
base64 text of HMAC-SHA256(key = the salt's text, message = the password). bcrypt itself reads 72 bytes at
most and many versions stop at a NUL; the 44 characters of the pre-hash know neither limit, and the key
keeps unsalted SHA-256 hashes, stolen elsewhere, from being tried in place of passwords.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, field

import bcrypt

from accounts.text import normal

_SALT = r"[./A-Za-z0-9]{21}[.Oeu]"
_DIGEST = r"[./A-Za-z0-9]{31}"
_COST = r"(0[4-9]|1\d)"
_OURS = re.compile(rf"\$bcrypt-sha256\$v=2,t=2b,r=([4-9]|1\d)\$({_SALT})\${_DIGEST}")
_BCRYPT = re.compile(rf"\$2[aby]\${_COST}\${_SALT}{_DIGEST}")
_DJANGO = re.compile(r"pbkdf2_sha256\$(\d{1,7})\$([^$]+)\$([A-Za-z0-9+/]{43}=)")
_BCRYPT_READS = 72


@dataclass(frozen=True, slots=True)
class Verified:
    """Whether the password was right and, if the stored hash is old or too cheap, the one to store now."""

    ok: bool
    upgraded: str | None = field(default=None, repr=False)


def hash_password(password: str, cost: int) -> str:
    """Return the stored form under a new salt; `cost` is the base-2 logarithm of bcrypt's rounds."""
    salt = bcrypt.gensalt(cost).decode().rpartition("$")[2]
    return _ours(password, cost, salt)


def verify_password(password: str, stored: str | None, cost: int) -> Verified:
    """Check a password against our form, bcrypt or Django's PBKDF2; anything else, or None, never matches.

    A refusal takes as long as bcrypt at `cost`, also where nothing is stored or a cheaper bcrypt hash is.
    Django's hash takes the time of its own iterations, until the first sign-in upgrades it.
    """
    matches, stored_cost = _compare(password, stored or "", cost)
    if not matches:
        for missing in range(stored_cost, cost):  # 2^c + 2^c + 2^(c+1) + … + 2^(cost-1) = 2^cost
            bcrypt.hashpw(b"", bcrypt.gensalt(missing))
        return Verified(ok=False)
    current = _OURS.fullmatch(stored or "") is not None and stored_cost >= cost
    return Verified(ok=True, upgraded=None if current else hash_password(password, cost))


def _compare(password: str, stored: str, cost: int) -> tuple[bool, int]:
    """Return whether the password matches, and the bcrypt cost that the time spent corresponds to."""
    if ours := _OURS.fullmatch(stored):
        return hmac.compare_digest(_ours(password, int(ours[1]), ours[2]), stored), int(ours[1])
    # other designs hashed the bytes as they came: not normalised, and cut where bcrypt stops reading
    raw = password.encode(errors="surrogatepass")
    if other := _BCRYPT.fullmatch(stored):
        return bcrypt.checkpw(raw[:_BCRYPT_READS], stored.encode()), int(other[1])
    if django := _DJANGO.fullmatch(stored):
        derived = hashlib.pbkdf2_hmac("sha256", raw, django[2].encode(), int(django[1]))
        return hmac.compare_digest(base64.b64encode(derived).decode(), django[3]), cost
    bcrypt.hashpw(b"", bcrypt.gensalt(cost))
    return False, cost


def _ours(password: str, cost: int, salt: str) -> str:
    message = normal(password).encode(errors="surrogatepass")
    key = base64.b64encode(hmac.digest(salt.encode(), message, "sha256"))
    digest = bcrypt.hashpw(key, f"$2b${cost:02}${salt}".encode()).decode()[-31:]
    return f"$bcrypt-sha256$v=2,t=2b,r={cost}${salt}${digest}"
