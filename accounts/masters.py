"""Master keys: they wrap the data keys of people, and never touch anything else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12
_KEY_BYTES = 32
_WRAPS = b"projectionist: wraps data keys"


class MasterKeyMissing(Exception):
    """A data key is wrapped by a master key that is not in PROJECTIONIST_MASTER_KEYS, or is another one under its name."""

    def __init__(self, key_id: str) -> None:
        super().__init__(
            f"What is personal is sealed under the master key {key_id!r}, which this server does not have. Put it into "
            "PROJECTIONIST_MASTER_KEYS, or the file `master_key` of the server that made it into the data directory."
        )


class MasterKeys:
    """Wraps and unwraps 256-bit keys, AES-256-GCM bound to their person.

    `secrets` maps names to texts of at least 32 bytes: the first wraps, all unwrap, so a master key is replaced by
    putting the new one before it. Raises ValueError for none or a short one.
    """

    def __init__(self, secrets: Mapping[str, str]) -> None:
        if not secrets or any(len(secret.encode()) < _KEY_BYTES for secret in secrets.values()):
            raise ValueError(f"A master key is needed, and every one of at least {_KEY_BYTES} bytes.")
        self.first = next(iter(secrets))
        self._keys = {name: AESGCM(_derived(secret)) for name, secret in secrets.items()}

    @property
    def names(self) -> tuple[str, ...]:
        """Their names, the first first."""
        return tuple(self._keys)

    def wrap(self, user_id: UUID, secret: bytes) -> bytes:
        """Return a data key as it may be stored, under the first master key."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._keys[self.first].encrypt(nonce, secret, user_id.bytes)

    def unwrap(self, user_id: UUID, wrapped: bytes, key_id: str) -> bytes:
        """Return the data key of a person. Raises MasterKeyMissing."""
        master = self._keys.get(key_id)
        if master is None:
            raise MasterKeyMissing(key_id)
        try:
            return master.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], user_id.bytes)
        except InvalidTag:
            raise MasterKeyMissing(key_id) from None


def _derived(secret: str) -> bytes:
    return HKDF(SHA256(), _KEY_BYTES, salt=None, info=_WRAPS).derive(secret.encode())
