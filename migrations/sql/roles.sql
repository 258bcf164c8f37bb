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
begin
  if not pg_has_role(current_user, 'projectionist_log', 'member') then
    execute format('grant projectionist_log to %I', current_user);
  end if;
  if not pg_has_role(current_user, 'projectionist_app', 'member') then
    execute format('grant projectionist_app to %I', current_user);
  end if;
  if not pg_has_role(current_user, 'projectionist_partitions', 'member') then
    execute format('grant projectionist_partitions to %I', current_user);
  end if;
end $$;

grant create, usage on schema public to projectionist_log, projectionist_partitions;
grant usage on schema public to projectionist_app;
