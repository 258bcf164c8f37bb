"""Who may read what people write and make: conditions over a row with `user_id`, whose it is."""

from __future__ import annotations

READABLE = "({t}.is_active and ({t}.audience = 'PUBLIC' or {t}.user_id = {viewer}))"
"""Whether who asks may read a row that has an audience."""

_WORKS = """
exists (select from list_members m where m.list_id = {t}.list_id and m.member_id = {viewer} and m.state <> 'LEFT')"""
LIST_VISIBLE = (
    f"({{t}}.is_active and ({{t}}.visibility = 'PUBLIC' or {{t}}.user_id = {{viewer}} or {_WORKS}))"
)
"""Whether who asks may see a list without its link."""

LIST_LINKED = """
{t}.is_active and {t}.visibility in ('PUBLIC', 'UNLISTED')
and {t}.link_id = (select texts.id from texts where texts.kind = 'LINK' and texts.body = {value})"""
"""Whether this is the list that a link is of."""
