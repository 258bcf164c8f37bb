-- Of what rows of users nobody else may see, one thing is everybody's: whether the account is deactivated. See wall.sql for how
-- such functions are run.
set local check_function_bodies = off;
set local role projectionist_app;

create function read.is_deactivated(person uuid) returns boolean
  language sql stable security definer set search_path = read, public, pg_temp as $$
  select exists (select from users where id = person and deactivated_at is not null) $$;
comment on function read.is_deactivated is 'Whether somebody left for a while, or was made to.';

revoke execute on function read.is_deactivated from public;
grant execute on function read.is_deactivated to projectionist_viewer;
reset role;
reset check_function_bodies;
