/** What operators order, and the one procedure that changes anything from outside. */
export const OPERATIONS_SQL = `
-- The first reason why a correction cannot be made; null when it can.
create function hardcap.refused_adjustment(said jsonb) returns jsonb language plpgsql as $$
declare
  v_key text; spent bigint[]; reported bigint[]; r record;
begin
  if said->>'resolves' is not null then
    perform 1 from hardcap.doubts d where d.id = said->>'resolves';
    if not found then return '{"kind": "unknown-doubt"}'; end if;
  end if;
  for v_key in
    select k.value from jsonb_array_elements_text(said->'keys') with ordinality k
      order by k.ordinality
  loop
    select array[a.spent_usd, a.spent_tokens, a.spent_calls] into spent
      from hardcap.accounts a where a.key = v_key for update;
    if not found then return jsonb_build_object('kind', 'unknown-account', 'key', v_key); end if;
    -- What an open holder spent is its own to correct; the rest is what may be taken back here.
    reported := '{0,0,0}';
    for r in select * from hardcap.slices s where s.key = v_key loop
      reported := hardcap.plus(reported, array[r.spent_usd, r.spent_tokens, r.spent_calls]);
    end loop;
    if not hardcap.is_within(hardcap.sums(said->'subtract'), hardcap.minus(spent, reported)) then
      return jsonb_build_object('kind', 'below-zero', 'key', v_key);
    end if;
  end loop;
  return null;
end
$$;

create function hardcap.adjust(said jsonb) returns jsonb language plpgsql as $$
declare
  refused jsonb; s record; v_key text;
begin
  for s in
    select t.cap_id, t.scope from hardcap.series t
      where (t.cap_id, t.scope) in (select a.cap_id, a.scope
        from jsonb_array_elements_text(said->'keys') k join hardcap.accounts a on a.key = k.value)
      order by t.scope = 'global', t.cap_id collate "C", t.scope collate "C"
  loop
    perform hardcap.lock_series(s.cap_id, s.scope);
  end loop;
  refused := hardcap.refused_adjustment(said);
  if refused is not null then return refused; end if;

  for v_key in select k.value from jsonb_array_elements_text(said->'keys') k loop
    perform hardcap.book(v_key,
        hardcap.plus(hardcap.minus(array[a.spent_usd, a.spent_tokens, a.spent_calls],
          hardcap.sums(said->'subtract')), hardcap.sums(said->'add')),
        array[a.held_usd, a.held_tokens, a.held_calls])
      from hardcap.accounts a where a.key = v_key;
  end loop;
  delete from hardcap.doubts d where d.id = said->>'resolves';
  return null;
end
$$;

-- Carries out an order once by its id; the body is the order as it was written.
create function hardcap.operate(said jsonb, p_body text) returns jsonb
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  before text; refused jsonb;
begin
  insert into hardcap.operations (id, body) values (said->>'id', p_body) on conflict do nothing;
  if not found then
    select o.body into before from hardcap.operations o where o.id = said->>'id';
    return case when before = p_body then '{"kind": "done", "isRepeated": true}'::jsonb
      else '{"kind": "conflict"}'::jsonb end;
  end if;
  case said->>'kind'
    when 'adjust' then
      refused := hardcap.adjust(said);
      if refused is not null then
        delete from hardcap.operations o where o.id = said->>'id';
        return refused;
      end if;
    when 'raise' then
      insert into hardcap.raises (cap_id, scope, by_usd, by_tokens, by_calls, until)
        values (said->>'capId', said->>'scope', (said->'by'->>0)::bigint,
          (said->'by'->>1)::bigint, (said->'by'->>2)::bigint, (said->>'until')::bigint);
    when 'close-scope' then
      insert into hardcap.closed_scopes (scope) values (said->>'scope') on conflict do nothing;
    when 'reopen-scope' then
      delete from hardcap.closed_scopes c where c.scope = said->>'scope';
  end case;
  perform hardcap.record(p_body);
  return '{"kind": "done", "isRepeated": false}';
end
$$;

-- The one entry that changes anything: a transaction of its own, READ COMMITTED whatever the
-- default is, durable before it answers. Inside a transaction of the caller's it fails at the
-- first line, because what it told could be undone.
create procedure hardcap.tell(
  what text, said jsonb, body text, now_ms bigint, lock_wait_ms bigint, inout reply text
) language plpgsql as $$
begin
  commit;
  set transaction isolation level read committed;
  perform set_config('lock_timeout', lock_wait_ms::text, true);
  if current_setting('synchronous_commit') not in ('on', 'remote_apply') then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  case what
    when 'open' then
      perform hardcap.open_holder(said, now_ms);
      reply := 'null';
    when 'exchange' then reply := hardcap.exchange(said, now_ms)::text;
    when 'close' then reply := hardcap.close_holder(said, body, now_ms)::text;
    when 'operate' then reply := hardcap.operate(said, body)::text;
  end case;
  commit;
end
$$;

create function hardcap.version() returns integer
  language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select m.version from hardcap.meta m
$$;

revoke execute on all routines in schema hardcap from public;
`;
