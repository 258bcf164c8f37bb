"""Who may read what people write and make: conditions over a row with `user_id`, whose it is."""

from __future__ import annotations

_FOLLOWS = """
exists (select from follows f where f.user_id = {viewer} and f.followee_id = {t}.user_id and f.status = 'FOLLOWING')"""

_OPEN = """
not exists (select from blocks b where b.user_id = {t}.user_id and b.blocked_id = {viewer} and b.is_active)
and not is_deactivated({t}.user_id)"""
"""Whether whose it is has not blocked who asks, and is no deactivated account."""

READABLE = f"""
({{t}}.is_active and ({{t}}.user_id = {{viewer}} or {_OPEN}
                      and ({{t}}.audience = 'PUBLIC' or ({{t}}.audience = 'FOLLOWERS' and {_FOLLOWS}))))"""
"""Whether who asks may read a row that has an audience."""

_WORKS = """
exists (select from list_members m where m.list_id = {t}.list_id and m.member_id = {viewer} and m.state <> 'LEFT')"""
LIST_VISIBLE = f"""
({{t}}.is_active and ({{t}}.user_id = {{viewer}} or {_OPEN}
                      and ({{t}}.visibility = 'PUBLIC' or {_WORKS}
                           or ({{t}}.visibility = 'FOLLOWERS' and {_FOLLOWS}))))"""
"""Whether who asks may see a list without its link."""

LIST_LINKED = f"""
{{t}}.is_active and {{t}}.visibility in ('PUBLIC', 'UNLISTED') and {_OPEN}
and {{t}}.link_id = linked_by({{value}})"""
"""Whether this is the list that a link is of."""

SHARED = f"""
{{t}}.member_id = {{viewer}} and {{t}}.state <> 'LEFT' and {_OPEN}
and exists (select from lists l where l.list_id = {{t}}.list_id and l.is_active)"""
"""Whether a member of a list, whose row has the owner's id, is who asks, and still may see it."""

_FOLLOWED = """
select f.followee_id from follows f join users u on u.id = f.followee_id
 where f.user_id = {viewer} and f.status = 'FOLLOWING' and u.deactivated_at is null"""
_SHOWN = "select u.privacy <> 'PRIVATE' from users u where u.id = {t}.user_id"
NEWS = f"""
{{t}}.day > current_date - 90 and {{t}}.user_id in ({_FOLLOWED}) and case {{t}}.type
  when 'movie_rated' then ({_SHOWN}) and exists (
    select from ratings r where r.user_id = {{t}}.user_id and r.movie_id = {{t}}.movie_id
                            and r.stars_position = {{t}}.position)
  when 'movie_reacted' then ({_SHOWN}) and exists (
    select from ratings r where r.user_id = {{t}}.user_id and r.movie_id = {{t}}.movie_id
                            and r.reaction_position = {{t}}.position)
  when 'movie_favorited' then ({_SHOWN}) and exists (
    select from favorites s where s.user_id = {{t}}.user_id and s.movie_id = {{t}}.movie_id
                              and s.position = {{t}}.position)
  when 'movie_watched' then ({_SHOWN}) and exists (
    select from diary d where d.user_id = {{t}}.user_id and d.movie_id = {{t}}.movie_id and d.is_active
                          and d.position = {{t}}.position)
  when 'review_written' then exists (
    select from reviews v where v.user_id = {{t}}.user_id and v.movie_id = {{t}}.movie_id and v.is_active
                            and v.position = {{t}}.position and v.audience <> 'PRIVATE')
  else exists (
    select from lists l where l.list_id = {{t}}.list_id and l.is_active and l.visibility in ('PUBLIC', 'FOLLOWERS')) end"""
"""Whether an activity is of somebody whom who asks follows, still holds, and is shown to followers."""
