"""Master keys of tests."""

from __future__ import annotations

from accounts.keys import Keys
from accounts.masters import MasterKeys

SECRETS = {"test": "a master key that is long enough for tests"}


def new_keys() -> Keys:
    """Return the data keys of a process that knows the master key of tests and has read nothing yet."""
    return Keys(MasterKeys(SECRETS))
