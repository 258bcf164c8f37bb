-- Without the second wall; its roles stay, since other databases of the cluster may have it.
set local projectionist.break_glass = 'on';
do $$
declare
  t record;
begin
  for t in select schemaname, tablename, policyname from pg_policies where policyname in (
             'granted', 'wall_select', 'wall_insert', 'wall_update', 'wall_delete', 'wall_accounts') loop
    execute format('drop policy %I on %I.%I', t.policyname, t.schemaname, t.tablename);
    execute format('alter table %I.%I disable row level security', t.schemaname, t.tablename);
  end loop;
end $$;
reset projectionist.break_glass;
drop function read.follows_person, read.is_tied_to, read.shows_person, read.opens_person, read.works_on, read.sees_list,
  read.reads_text, read.username_of, read.linked_by, acting_people, acting_reads_log;
drop view own_notification_choices;
alter view activity.log reset (security_invoker);
revoke all on all tables in schema public, read, activity from projectionist_viewer, projectionist_accounts;
revoke all on all sequences in schema public from projectionist_viewer;
revoke usage on schema public, read from projectionist_viewer, projectionist_accounts;
revoke usage on schema activity from projectionist_viewer;
