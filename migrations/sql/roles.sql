-- The log has an owner nobody signs in as; the application's role may append and read. The third role only owns the
-- function that adds partitions: by it the guards tell that function from everybody else.
do $$
begin
  if not exists (select from pg_roles where rolname = 'projectionist_log') then
    create role projectionist_log nologin;
  end if;
  if not exists (select from pg_roles where rolname = 'projectionist_app') then
    create role projectionist_app login;
  end if;
  if not exists (select from pg_roles where rolname = 'projectionist_partitions') then
    create role projectionist_partitions nologin in role projectionist_log;
  end if;
  -- two databases of one cluster may be migrated at the same moment
exception when duplicate_object or unique_violation then null;
end $$;

do $$
declare
  role text;
begin
  -- who made a role may give it, but does not have it yet; a superuser has them all
  if not (select rolsuper from pg_roles where rolname = current_user) then
    foreach role in array array['projectionist_log', 'projectionist_app', 'projectionist_partitions'] loop
      execute format('grant %I to %I', role, current_user);
    end loop;
  end if;
end $$;

grant create, usage on schema public to projectionist_log, projectionist_partitions;
grant usage on schema public to projectionist_app;
