"""What people are called: which e-mail addresses and usernames are accepted, and which are the same one."""

from __future__ import annotations

import re
import secrets
import unicodedata
from typing import ClassVar

import idna

from accounts.text import folded, normal
from events.errors import Rejected

EMAIL_LENGTH = 254
"""In octets, the longest address that mail can carry."""
USERNAME_LENGTH = range(3, 151)
"""In characters, of the typed text as well as of its normal form."""

_LOCAL_PART = re.compile(r'[^\s"(),.:;<>@\[\\\]]+(\.[^\s"(),.:;<>@\[\\\]]+)*')
_READABLE = "23456789abcdefghjkmnpqrstvwxyz"


class InvalidEmail(Rejected):
    """This is not an e-mail address that mail can reach. Write it as name@example.org."""

    code: ClassVar[str] = "INVALID_EMAIL"
    path = ("email",)


class InvalidUsername(Rejected):
    """A username is 3 to 150 letters, digits, dots, hyphens or underscores, a letter or digit first."""

    code: ClassVar[str] = "INVALID_USERNAME"
    path = ("username",)


def clean_email(typed: str) -> str:
    """Return the address in the normal form NFKC, without the space around it. Raises InvalidEmail."""
    trimmed = typed.strip()
    if len(trimmed) > EMAIL_LENGTH:
        raise InvalidEmail
    email = normal(trimmed)
    local, _, domain = email.rpartition("@")
    if not _LOCAL_PART.fullmatch(local) or any(_is_unseen(character) for character in email):
        raise InvalidEmail
    labels = _domain_key(domain).split(".")
    if len(email.encode()) > EMAIL_LENGTH or len(labels) < 2 or not labels[-1] or labels[-1].isdigit():
        raise InvalidEmail
    return email


def mailbox(email: str) -> tuple[str, str]:
    """Return the local part of an address, and its domain in ASCII, as every mail server knows it. Raises InvalidEmail."""
    local, _, domain = clean_email(email).rpartition("@")
    return local, _domain_key(domain)


def clean_username(typed: str) -> str:
    """Return the username in the normal form NFKC, without the space around it. Raises InvalidUsername."""
    trimmed = typed.strip()
    if len(trimmed) not in USERNAME_LENGTH:
        raise InvalidUsername
    username = normal(trimmed)
    if len(username) not in USERNAME_LENGTH or unicodedata.category(username[0])[0] not in "LN":
        raise InvalidUsername
    if not all(character in "._-" or unicodedata.category(character)[0] in "LMN" for character in username):
        raise InvalidUsername
    return username


def generated_username() -> str:
    """Return a username such as viewer-7f3k2q: easy to read aloud, and nothing personal in it."""
    return "viewer-" + "".join(secrets.choice(_READABLE) for _ in range(6))


def login_key(name: str) -> str:
    """Return what is equal for two ways to write one e-mail address or username, and for nothing else.

    Unicode's case folding between two compatibility normal forms; a domain in its ASCII form. Accepts any
    text: what cannot be the name of an account gives the empty string.
    """
    if len(name) > EMAIL_LENGTH:
        return ""
    local, at, domain = normal(name.strip()).rpartition("@")
    try:
        key = folded(local) + "@" + _domain_key(domain) if at else folded(domain)
    except InvalidEmail:
        return ""
    return "" if any(_is_unseen(character) for character in key) else key


def _domain_key(domain: str) -> str:
    try:
        return idna.encode(domain, uts46=True).decode("ascii").lower()
    except UnicodeError:
        # the library's words quote the address
        raise InvalidEmail from None


def _is_unseen(character: str) -> bool:
    """Tell whether a character is space, control, format, half a pair, private or unassigned."""
    return unicodedata.category(character)[0] in "CZ"
