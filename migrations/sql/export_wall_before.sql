-- Without the wall of exports; its role stays, since other databases of the cluster may have it.
set local projectionist.break_glass = 'on';
do $$
declare
  t record;
begin
  for t in select format('%I.%I', schemaname, tablename) as name from pg_policies where policyname = 'wall_export' loop
    execute format('drop policy wall_export on %s', t.name);
    -- the mark of read tables: deploying builds the wall of its version
    execute format('comment on policy granted on %s is null', t.name);
  end loop;
end $$;
revoke all on all tables in schema public, read, activity from projectionist_exporter;
reset projectionist.break_glass;
revoke usage on schema public, read, activity from projectionist_exporter;
revoke insert, update, delete on imports, import_entries from projectionist_viewer;
