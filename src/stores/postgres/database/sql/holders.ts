/** The life of a holder, and what the store can be asked. */
export const HOLDERS_SQL = `
create function hardcap.open_holder(identity jsonb, now_ms bigint default null) returns void
  language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  insert into hardcap.holders (
      holder, host, boot, pid, incarnation, journal, opened_at, last_seen_at, declared_epoch)
    select identity->>'holder', identity->>'host', identity->>'boot', (identity->>'pid')::bigint,
        identity->>'incarnation', identity->>'journal', (identity->>'openedAt')::bigint,
        hardcap.clock(now_ms), m.epoch
      from hardcap.meta m
    on conflict do nothing
$$;

create function hardcap.open_holders() returns jsonb
  language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select coalesce(jsonb_agg(jsonb_build_object(
      'holder', h.holder, 'host', h.host, 'boot', h.boot, 'pid', h.pid,
      'incarnation', h.incarnation, 'journal', h.journal, 'openedAt', h.opened_at,
      'isOpen', h.is_open, 'seq', h.seq, 'lastSeenAt', h.last_seen_at) order by h.opened_as), '[]')
    from hardcap.holders h where h.is_open
$$;

-- Each account is the list of its parts' keys.
create function hardcap.balances(accounts jsonb) returns jsonb
  language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select coalesce(jsonb_agg(b.balance order by b.ordinality), '[]') from (
    select q.ordinality, jsonb_build_object(
        'spent', jsonb_build_array(
          least(coalesce(sum(a.spent_usd), 0), 9007199254740991),
          least(coalesce(sum(a.spent_tokens), 0), 9007199254740991),
          least(coalesce(sum(a.spent_calls), 0), 9007199254740991)),
        'held', jsonb_build_array(
          least(coalesce(sum(a.held_usd), 0), 9007199254740991),
          least(coalesce(sum(a.held_tokens), 0), 9007199254740991),
          least(coalesce(sum(a.held_calls), 0), 9007199254740991))) as balance
      from jsonb_array_elements(accounts) with ordinality q
      left join lateral jsonb_array_elements_text(q.value) p on true
      left join hardcap.accounts a on a.key = p.value
      group by q.ordinality) b
$$;

-- Adds a record to the journal, chained to the one before it.
create function hardcap.record(p_body text) returns void language plpgsql as $$
declare
  last record;
begin
  select h.seq, h.hash into last from hardcap.journal_head h for update;
  insert into hardcap.journal (seq, previous, hash, body) values (last.seq + 1, last.hash,
    encode(sha256(convert_to(last.hash || E'\\n' || p_body, 'UTF8')), 'hex'), p_body);
  update hardcap.journal_head h set seq = j.seq, hash = j.hash
    from hardcap.journal j where j.seq = last.seq + 1;
end
$$;

create function hardcap.records(after bigint) returns jsonb
  language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select coalesce(jsonb_agg(jsonb_build_object('seq', j.seq, 'previous', j.previous,
      'hash', j.hash, 'body', j.body) order by j.seq), '[]')
    from hardcap.journal j where j.seq > after
$$;

create function hardcap.open_doubts() returns jsonb
  language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', d.id, 'at', d.at, 'amounts', d.amounts,
      'keys', d.keys, 'holder', d.holder) order by d.found_as), '[]')
    from hardcap.doubts d
$$;

-- Ends a holder once: books what it spent, and gives back or charges the rest of each slice.
-- The body is the journal's record as far as the caller knows it; what moved is added here.
create function hardcap.close_holder(said jsonb, p_body text, now_ms bigint default null)
  returns jsonb
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_holder constant text := said->>'holder';
  is_charged constant boolean := said->>'how' = 'charged';
  is_open boolean; v_seq bigint; s record; a record; item jsonb;
  ends bigint[]; kept bigint[]; was_held bigint[]; charge bigint[]; spent bigint[]; held bigint[];
  freed bigint[] := '{0,0,0}'; charged bigint[] := '{0,0,0}'; moved text;
begin
  select h.is_open, h.seq + 1 into is_open, v_seq
    from hardcap.holders h where h.holder = v_holder for update;
  if not found then return '{"kind": "unknown-holder"}'; end if;
  if not is_open then return '{"kind": "already-closed"}'; end if;
  -- All series in the one order of all, before any of their accounts.
  for s in
    select f.cap_id, f.scope from (
      select c.cap_id, c.scope
        from hardcap.slices l join hardcap.accounts c using (key) where l.holder = v_holder
      union
      select i.value->>'cap', i.value->>'scope' from jsonb_array_elements(said->'opening') i
    ) f (cap_id, scope)
      order by f.scope = 'global', f.cap_id collate "C", f.scope collate "C"
  loop
    perform hardcap.lock_series(s.cap_id, s.scope);
  end loop;
  -- What it spent from and never spoke of is opened as its next message would have.
  for item in
    select i.value from jsonb_array_elements(said->'opening') i
      where not exists (select from hardcap.slices l
        where l.holder = v_holder and l.key = i.value->>'key')
  loop
    perform hardcap.apply_item(v_holder, v_seq, true, false, item, hardcap.clock(now_ms));
  end loop;
  for s in select * from hardcap.slices l where l.holder = v_holder loop
    select * into a from hardcap.accounts c where c.key = s.key for update;
    kept := array[s.spent_usd, s.spent_tokens, s.spent_calls];
    ends := hardcap.minus(array[s.granted_usd, s.granted_tokens, s.granted_calls],
      array[s.returned_usd, s.returned_tokens, s.returned_calls]);
    was_held := hardcap.minus(ends, kept);
    if not is_charged then
      ends := case when said->'finals' ? s.key
        then hardcap.sums(said->'finals'->s.key) else kept end;
    end if;
    charge := hardcap.minus(ends, kept);
    spent := hardcap.plus(
      hardcap.minus(array[a.spent_usd, a.spent_tokens, a.spent_calls], kept), ends);
    held := hardcap.minus(array[a.held_usd, a.held_tokens, a.held_calls], was_held);
    perform hardcap.book(s.key, spent, held);
    update hardcap.accounts c set
        in_flight_usd = greatest(c.in_flight_usd - s.in_flight_usd, 0),
        in_flight_tokens = greatest(c.in_flight_tokens - s.in_flight_tokens, 0),
        in_flight_calls = greatest(c.in_flight_calls - s.in_flight_calls, 0),
        slices = c.slices - 1
      where c.key = s.key;
    freed := hardcap.plus(freed, hardcap.minus(was_held, charge));
    charged := hardcap.plus(charged, charge);
  end loop;
  delete from hardcap.slices l where l.holder = v_holder;
  update hardcap.holders h set is_open = false where h.holder = v_holder;
  insert into hardcap.doubts as d (id, holder, at, amounts, keys)
    select i.value->>'id', v_holder, (i.value->>'at')::bigint, hardcap.sums(i.value->'amounts'),
        array(select k.value from jsonb_array_elements_text(i.value->'keys') with ordinality k
          order by k.ordinality)
      from jsonb_array_elements(said->'inDoubt') with ordinality i order by i.ordinality
    on conflict (id) do update set holder = excluded.holder, at = excluded.at,
      amounts = excluded.amounts, keys = excluded.keys;
  moved := format(',"freed":[%s],"charged":[%s]}',
    array_to_string(freed, ','), array_to_string(charged, ','));
  perform hardcap.record(left(p_body, -1) || moved);
  return jsonb_build_object('kind', 'closed', 'freed', freed, 'charged', charged);
end
$$;

-- Writes what stands in an account when no grant is made: what is above the ceiling is excess.
create function hardcap.book(p_key text, spent bigint[], held bigint[]) returns void
  language plpgsql as $$
declare
  above bigint[];
begin
  select hardcap.excess(spent, held, array[a.ceiling_usd, a.ceiling_tokens, a.ceiling_calls])
    into above from hardcap.accounts a where a.key = p_key;
  update hardcap.accounts a set
      spent_usd = spent[1], spent_tokens = spent[2], spent_calls = spent[3],
      held_usd = held[1], held_tokens = held[2], held_calls = held[3],
      excess_usd = above[1], excess_tokens = above[2], excess_calls = above[3]
    where a.key = p_key;
  update hardcap.series s set changes = changes + 1 from hardcap.accounts a
    where a.key = p_key and s.cap_id = a.cap_id and s.scope = a.scope;
end
$$;
`;
