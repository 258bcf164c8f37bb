-- What policies ask of a row that ties somebody to another, as it is written: such rows open what is the other's, so who
-- is served cannot make one that the other had no part in. See wall.sql for how these functions are run.
set local check_function_bodies = off;
set local role projectionist_app;

create function read.owns_list(list uuid) returns boolean
  language sql stable security definer set search_path = read, public, pg_temp as $$
  select exists (select from lists where list_id = list and user_id = any (acting_people())) $$;
create function read.was_asked(list uuid, person uuid) returns boolean
  language sql stable security definer set search_path = read, public, pg_temp as $$
  select exists (select from list_members where list_id = list and member_id = person) $$;
create function read.may_follow(follower uuid, followee uuid, status text) returns boolean
  language sql stable security definer set search_path = read, public, pg_temp as $$
  select exists (select from follows f where f.user_id = follower and f.followee_id = followee
                    -- it ends; the one who is followed lets in who asked; what was said is said again
                    and (may_follow.status is null or followee = any (acting_people())
                         or f.status in ('FOLLOWING', may_follow.status)))
      or follower = any (acting_people())
         and exists (select from users where id = followee and (privacy = 'PUBLIC' or privacy = 'FOLLOWERS'
                                                                                  and may_follow.status = 'REQUESTED')) $$;

revoke execute on function read.owns_list, read.was_asked, read.may_follow from public;
grant execute on function read.owns_list, read.was_asked, read.may_follow to projectionist_viewer;
reset role;
reset check_function_bodies;

-- It runs as its owner, so whoever may run it makes partitions without end.
revoke execute on function events_add_partitions from public;
grant execute on function events_add_partitions to projectionist_app;
