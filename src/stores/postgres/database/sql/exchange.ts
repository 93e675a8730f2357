/** One message of a holder, as the memory store applies it; and what a lost tail asks for. */
export const EXCHANGE_SQL = `
-- A server that was promoted or restored may lack the end of what it once acknowledged.
create function hardcap.lineage() returns text language plpgsql volatile as $$
begin
  return (select s.system_identifier || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8)
    from pg_control_system() s);
end
$$;

-- Notices another lineage, and the end of waiting. Says why the store does not grant, or null.
create function hardcap.waiting_for(p_epoch out bigint, reason out text) language plpgsql as $$
declare
  kept record;
  here constant text := hardcap.lineage();
  waiting bigint;
begin
  select m.lineage, m.epoch, m.is_redeclaring into kept from hardcap.meta m;
  p_epoch := kept.epoch;
  if kept.lineage = here and not kept.is_redeclaring then return; end if;

  select m.lineage, m.epoch, m.is_redeclaring into kept from hardcap.meta m for update;
  if kept.lineage <> here then
    update hardcap.meta m set lineage = here, epoch = m.epoch + 1, is_redeclaring = true
      returning m.epoch, m.is_redeclaring into kept.epoch, kept.is_redeclaring;
  end if;
  p_epoch := kept.epoch;
  select count(*) into waiting from hardcap.holders h
    where h.is_open and h.declared_epoch < kept.epoch;
  if waiting = 0 then
    update hardcap.meta m set is_redeclaring = false;
  elsif kept.is_redeclaring then
    reason := format('the server was promoted or restored (now %s) and may have lost its tail; '
      '%s open holders have not declared what they hold', here, waiting);
  end if;
end
$$;

create function hardcap.exchange(message jsonb, now_ms bigint default null) returns jsonb
  language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_holder constant text := message->>'holder';
  v_seq constant bigint := (message->>'seq')::bigint;
  v_now constant bigint := hardcap.clock(now_ms);
  is_asking constant boolean := message->>'declares' = 'none';
  p_epoch bigint; reason text;
  is_open boolean; seq bigint; declared_epoch bigint;
  is_declared boolean; is_news boolean;
  item jsonb; place bigint;
  states jsonb[] := array_fill(null::jsonb, array[jsonb_array_length(message->'items')]);
begin
  perform hardcap.must_hold(cardinality(states) <= 256, 'a message has at most 256 items');
  select w.p_epoch, w.reason into p_epoch, reason from hardcap.waiting_for() w;
  select h.is_open, h.seq, h.declared_epoch into is_open, seq, declared_epoch
    from hardcap.holders h where h.holder = v_holder for update;
  if not found then
    return jsonb_build_object('kind', 'lost', 'reason', 'no holder ' || v_holder);
  end if;
  if not is_open then return '{"kind": "fenced"}'; end if;
  if reason is not null and is_asking then
    return jsonb_build_object('kind', 'redeclare', 'reason', reason);
  end if;
  -- The store takes this holder's word for what it was granted.
  is_declared := reason is not null and declared_epoch < p_epoch;
  if v_seq > seq + 1 and not is_declared then
    return jsonb_build_object('kind', 'lost',
      'reason', format('message %s came after %s', v_seq, seq));
  end if;
  if not is_declared then
    select format('%s: the holder was granted %s, the store knows %s', i.value->>'key',
        array_to_string(hardcap.sums(i.value->'known'), '/'),
        array_to_string(array[coalesce(s.granted_usd, 0), coalesce(s.granted_tokens, 0),
          coalesce(s.granted_calls, 0)], '/'))
      into reason
      from jsonb_array_elements(message->'items') with ordinality i
      left join hardcap.slices s on s.holder = v_holder and s.key = i.value->>'key'
      where not hardcap.is_within(hardcap.sums(i.value->'known'), array[
        coalesce(s.granted_usd, 0), coalesce(s.granted_tokens, 0), coalesce(s.granted_calls, 0)])
      order by i.ordinality limit 1;
    if found then return jsonb_build_object('kind', 'lost', 'reason', reason); end if;
  end if;

  is_news := v_seq > seq or is_declared;
  -- Series in the one order of all; inside a series one item after the other, as they came.
  for item, place in
    select i.value, i.ordinality from jsonb_array_elements(message->'items') with ordinality i
      order by i.value->>'scope' = 'global', i.value->>'cap' collate "C",
        i.value->>'scope' collate "C", i.ordinality
  loop
    states[place] := hardcap.apply_item(v_holder, v_seq, is_news, is_asking, item, v_now);
  end loop;
  update hardcap.holders h
    set seq = greatest(h.seq, v_seq), last_seen_at = v_now,
      declared_epoch = case when message->>'declares' = 'all' then p_epoch
        else h.declared_epoch end
    where h.holder = v_holder;
  return jsonb_build_object('kind', 'applied', 'seq', v_seq, 'slices', to_jsonb(states));
end
$$;
`;
