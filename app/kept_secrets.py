"""Secrets that nobody gave: made once, and kept in the data directory for its owner alone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def kept_secret(data_dir: Path, name: str) -> str:
    """Return the secret of this name, 384 random bits as text; it is made at the first call."""
    kept = data_dir / name
    if not kept.exists():
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = data_dir / f"{name}.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48))
        try:
            kept.hardlink_to(draft)  # two processes that start together agree on the first one's
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return kept.read_text()
