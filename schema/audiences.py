"""Who may read what people write and make: conditions over a row with `user_id`, whose it is."""

from __future__ import annotations

READABLE = "({t}.is_active and ({t}.audience = 'PUBLIC' or {t}.user_id = {viewer}))"
"""Whether who asks may read a row that has an audience."""
