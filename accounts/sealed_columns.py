"""Every column that has what is sealed under data keys, and the purpose that it is sealed for: an export opens them."""

from __future__ import annotations

from collections.abc import Mapping

from accounts.devices import DEVICE
from accounts.emails import EMAIL
from accounts.profiles import DATE_OF_BIRTH, PHONE

NOTIFICATION = "notification"
CHAT_MESSAGE = "chat message {id}"

SEALED: Mapping[tuple[str, str], str] = {
    ("users", "email_sealed"): EMAIL,
    ("profiles", "phone_sealed"): PHONE,
    ("profiles", "date_of_birth_sealed"): DATE_OF_BIRTH,
    ("devices", "token_sealed"): DEVICE,
    ("outbox", "content_sealed"): NOTIFICATION,
    ("chat_messages", "text_sealed"): CHAT_MESSAGE,
}
"""The purpose of each column (table, column); {…} is another column of the row."""
