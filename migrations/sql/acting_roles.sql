-- Makes roles that sessions act as, and lets the one who migrates act as them.
do $$
declare
  role text;
begin
  foreach role in array array[{roles}] loop
    begin
      if not exists (select from pg_roles where rolname = role) then
        execute format('create role %I nologin noinherit', role);
      end if;
      if not (select rolsuper from pg_roles where rolname = current_user)
         and not pg_has_role(current_user, role, 'member') then
        execute format('grant %I to %I', role, current_user);
      end if;
    exception
      -- two databases of one cluster may be migrated at the same moment
      when duplicate_object or unique_violation then null;
      when insufficient_privilege then
        raise insufficient_privilege using message = format(
          '%I may not make the role %I, or not act as it; as a superuser, once: %sgrant %I to %I;', current_user, role,
          case when exists (select from pg_roles where rolname = role) then ''
               else format('create role %I nologin noinherit; ', role) end, role, current_user);
    end;
  end loop;
end $$;
