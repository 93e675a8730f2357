/** The granting side's arithmetic, as `granter.ts` says it, on one item of a message. */
export const APPLY_ITEM_SQL = `
-- Whoever changes accounts takes their series first, in one order: global scopes last.
create function hardcap.lock_series(p_cap_id text, p_scope text) returns void
  language plpgsql as $$
begin
  perform 1 from hardcap.series s where s.cap_id = p_cap_id and s.scope = p_scope for update;
  if found then return; end if;
  insert into hardcap.series (cap_id, scope) values (p_cap_id, p_scope) on conflict do nothing;
  perform 1 from hardcap.series s where s.cap_id = p_cap_id and s.scope = p_scope for update;
end
$$;

-- What operators left of a ceiling: raises on top, and nothing where the scope is closed.
create function hardcap.ceiling_of(p_cap_id text, p_scope text, ceiling bigint[], p_now bigint)
  returns bigint[] language plpgsql as $$
declare
  raised bigint[];
begin
  perform 1 from hardcap.closed_scopes c where c.scope = p_scope;
  if found then
    return array[ceiling[1] * 0, ceiling[2] * 0, ceiling[3] * 0];
  end if;
  select array[
      least(coalesce(sum(r.by_usd), 0), 9007199254740991),
      least(coalesce(sum(r.by_tokens), 0), 9007199254740991),
      least(coalesce(sum(r.by_calls), 0), 9007199254740991)]::bigint[]
    into raised from hardcap.raises r
    where r.cap_id = p_cap_id and r.scope = p_scope and (r.until is null or r.until > p_now);
  -- LEAST passes over a null, which must stay one: that dimension is not capped.
  return array[
    ceiling[1] + least(raised[1], 9007199254740991 - ceiling[1]),
    ceiling[2] + least(raised[2], 9007199254740991 - ceiling[2]),
    ceiling[3] + least(raised[3], 9007199254740991 - ceiling[3])];
end
$$;

-- Spent (1 to 3) and held (4 to 6) in every other part that lies in one window with the last one:
-- those before it, and later ones, opened by a clock that is ahead, up to one window further on.
create function hardcap.elsewhere(item jsonb) returns bigint[] language plpgsql as $$
begin
  return (select array[
      least(coalesce(sum(a.spent_usd), 0), 9007199254740991),
      least(coalesce(sum(a.spent_tokens), 0), 9007199254740991),
      least(coalesce(sum(a.spent_calls), 0), 9007199254740991),
      least(coalesce(sum(a.held_usd), 0), 9007199254740991),
      least(coalesce(sum(a.held_tokens), 0), 9007199254740991),
      least(coalesce(sum(a.held_calls), 0), 9007199254740991)]::bigint[]
    from hardcap.accounts a
    where a.cap_id = item->>'cap' and a.scope = item->>'scope' and a.key <> item->>'key'
      and a.leaves_at >= (item->>'first')::bigint
      and a.leaves_at <= 2 * (item->>'leaves')::bigint - (item->>'first')::bigint);
end
$$;

-- Spent and held together in each part of the window, in the order of the parts.
create function hardcap.parts_of(parts jsonb) returns jsonb language plpgsql as $$
begin
  return (select coalesce(jsonb_agg(jsonb_build_array(
      least(coalesce(a.spent_usd + a.held_usd, 0), 9007199254740991),
      least(coalesce(a.spent_tokens + a.held_tokens, 0), 9007199254740991),
      least(coalesce(a.spent_calls + a.held_calls, 0), 9007199254740991))
      order by p.ordinality), '[]')
    from jsonb_array_elements_text(parts) with ordinality p
    left join hardcap.accounts a on a.key = p.value);
end
$$;

-- The part of a grant that goes to waiting calls: to all of them, or surely to the first.
create function hardcap.taken_at_once(need bigint[], demand bigint[], grants bigint[])
returns bigint[] language plpgsql immutable parallel safe as $$
begin
  return array[
    case when grants[1] < demand[1] then least(need[1], grants[1]) else demand[1] end,
    case when grants[2] < demand[2] then least(need[2], grants[2]) else demand[2] end,
    case when grants[3] < demand[3] then least(need[3], grants[3]) else demand[3] end];
end
$$;

-- Applies one item and says what stands afterwards. Not news: a repeat, which changes nothing.
create function hardcap.apply_item(
  p_holder text, p_seq bigint, is_news boolean, may_grant boolean, item jsonb, p_now bigint
) returns jsonb language plpgsql as $$
declare
  v_key constant text := item->>'key';
  need constant bigint[] := hardcap.sums(item->'need');
  demand constant bigint[] := hardcap.sums(item->'demand');
  ceiling constant bigint[] :=
    hardcap.ceiling_of(item->>'cap', item->>'scope', hardcap.sums(item->'ceiling'), p_now);
  is_asked constant boolean := may_grant and not hardcap.is_nothing(need);
  a_spent bigint[] := '{0,0,0}'; a_held bigint[] := '{0,0,0}'; a_flight bigint[] := '{0,0,0}';
  a_slices bigint := 0; a_recall bigint := 0;
  s_granted bigint[] := '{0,0,0}'; s_returned bigint[] := '{0,0,0}';
  s_spent bigint[] := '{0,0,0}'; s_flight bigint[] := '{0,0,0}';
  s_recall bigint; is_refused boolean := false; is_recalled boolean := false;
  other bigint[] := '{0,0,0,0,0,0}'; other_taken bigint[] := '{0,0,0}';
  was_held bigint[]; room bigint[]; grants bigint[]; taken bigint[]; above bigint[]; idle bigint[];
begin
  perform hardcap.lock_series(item->>'cap', item->>'scope');
  select array[a.spent_usd, a.spent_tokens, a.spent_calls],
      array[a.held_usd, a.held_tokens, a.held_calls],
      array[a.in_flight_usd, a.in_flight_tokens, a.in_flight_calls], a.slices, a.recall
    into a_spent, a_held, a_flight, a_slices, a_recall
    from hardcap.accounts a where a.key = v_key for update;
  if not found then
    a_spent := '{0,0,0}'; a_held := '{0,0,0}'; a_flight := '{0,0,0}';
    a_slices := 0; a_recall := 0;
    if is_news then
      insert into hardcap.accounts (key, cap_id, scope, window_name, leaves_at)
        values (v_key, item->>'cap', item->>'scope', item->>'window', (item->>'leaves')::bigint);
      update hardcap.series s set changes = changes + 1
        where s.cap_id = item->>'cap' and s.scope = item->>'scope';
    end if;
  end if;
  select array[s.granted_usd, s.granted_tokens, s.granted_calls],
      array[s.returned_usd, s.returned_tokens, s.returned_calls],
      array[s.spent_usd, s.spent_tokens, s.spent_calls],
      array[s.in_flight_usd, s.in_flight_tokens, s.in_flight_calls],
      s.is_refused, s.is_recalled, s.recall
    into s_granted, s_returned, s_spent, s_flight, is_refused, is_recalled, s_recall
    from hardcap.slices s where s.holder = p_holder and s.key = v_key;
  if not found then
    s_granted := '{0,0,0}'; s_returned := '{0,0,0}'; s_spent := '{0,0,0}'; s_flight := '{0,0,0}';
    is_refused := false; is_recalled := false; s_recall := a_recall;
    a_slices := a_slices + 1;
  end if;
  if item ? 'parts' then
    other := hardcap.elsewhere(item);
    other_taken := hardcap.plus(other[1:3], other[4:6]);
    if is_news then
      update hardcap.series s set changes = changes + 1
        where s.cap_id = item->>'cap' and s.scope = item->>'scope';
    end if;
  end if;

  if is_news then
    -- Reports and returns first; what is above the slice widens it.
    perform hardcap.must_hold(hardcap.is_within(s_returned, hardcap.sums(item->'returned')),
      'what was returned only grows');
    was_held := hardcap.held_by(s_granted, s_returned, s_spent);
    a_spent := hardcap.plus(hardcap.minus(a_spent, s_spent), hardcap.sums(item->'spent'));
    a_flight := hardcap.plus(hardcap.minus(a_flight, s_flight), hardcap.sums(item->'inFlight'));
    s_returned := hardcap.sums(item->'returned');
    s_spent := hardcap.sums(item->'spent');
    s_flight := hardcap.sums(item->'inFlight');
    s_granted := hardcap.larger(hardcap.larger(s_granted, hardcap.sums(item->'known')),
      hardcap.plus(s_spent, s_returned));
    a_held := hardcap.plus(hardcap.minus(a_held, was_held),
      hardcap.held_by(s_granted, s_returned, s_spent));
    is_refused := false; is_recalled := a_recall > s_recall; s_recall := a_recall;
    above := hardcap.excess(a_spent, a_held, ceiling);
    -- Then the grant: all of the need or nothing.
    room := hardcap.room(ceiling, hardcap.plus(hardcap.plus(a_spent, a_held), other_taken));
    if is_asked and hardcap.is_within(need, room) then
      grants := demand;
      if not hardcap.is_near(room, ceiling) then
        grants := hardcap.larger(hardcap.larger(need, demand),
          hardcap.smaller(hardcap.sums(item->'want'),
          array[room[1] / (4 * a_slices), room[2] / (4 * a_slices), room[3] / (4 * a_slices)]));
      end if;
      grants := hardcap.smaller(room, grants);
      taken := hardcap.taken_at_once(need, demand, grants);
      s_granted := hardcap.plus(s_granted, grants);
      s_flight := hardcap.plus(s_flight, taken);
      a_held := hardcap.plus(a_held, grants);
      a_flight := hardcap.plus(a_flight, taken);
    elsif is_asked then
      idle := hardcap.minus(
        hardcap.minus(a_held, hardcap.held_by(s_granted, s_returned, s_spent)),
        hardcap.minus(a_flight, s_flight));
      if not hardcap.is_nothing(idle) then a_recall := a_recall + 1; end if;
      is_refused := true; s_recall := a_recall;
    end if;
    update hardcap.accounts a set
        spent_usd = a_spent[1], spent_tokens = a_spent[2], spent_calls = a_spent[3],
        held_usd = a_held[1], held_tokens = a_held[2], held_calls = a_held[3],
        in_flight_usd = a_flight[1], in_flight_tokens = a_flight[2],
        in_flight_calls = a_flight[3], slices = a_slices, recall = a_recall,
        ceiling_usd = ceiling[1], ceiling_tokens = ceiling[2], ceiling_calls = ceiling[3],
        excess_usd = above[1], excess_tokens = above[2], excess_calls = above[3]
      where a.key = v_key;
    insert into hardcap.slices as s values (p_holder, v_key,
        s_granted[1], s_granted[2], s_granted[3], s_returned[1], s_returned[2], s_returned[3],
        s_spent[1], s_spent[2], s_spent[3], s_flight[1], s_flight[2], s_flight[3],
        p_seq, is_refused, is_recalled, s_recall)
      on conflict (holder, key) do update set
        granted_usd = excluded.granted_usd, granted_tokens = excluded.granted_tokens,
        granted_calls = excluded.granted_calls, returned_usd = excluded.returned_usd,
        returned_tokens = excluded.returned_tokens, returned_calls = excluded.returned_calls,
        spent_usd = excluded.spent_usd, spent_tokens = excluded.spent_tokens,
        spent_calls = excluded.spent_calls, in_flight_usd = excluded.in_flight_usd,
        in_flight_tokens = excluded.in_flight_tokens,
        in_flight_calls = excluded.in_flight_calls, seq = excluded.seq,
        is_refused = excluded.is_refused, is_recalled = excluded.is_recalled,
        recall = excluded.recall;
  end if;

  was_held := hardcap.held_by(s_granted, s_returned, s_spent);
  idle := hardcap.minus(hardcap.minus(a_held, was_held), hardcap.minus(a_flight, s_flight));
  room := hardcap.room(ceiling, hardcap.plus(hardcap.plus(a_spent, a_held), other_taken));
  return jsonb_build_object(
    'key', v_key,
    'granted', s_granted, 'returned', s_returned, 'spent', s_spent,
    'isRefused', is_refused, 'isNear', hardcap.is_near(room, ceiling),
    'isRecalled', is_recalled, 'idleElsewhere', idle,
    'othersSpent', hardcap.plus(hardcap.minus(a_spent, s_spent), other[1:3]),
    'othersHeld', hardcap.plus(hardcap.minus(a_held, was_held), other[4:6]),
    'parts', case when item ? 'parts' then hardcap.parts_of(item->'parts') else '[]'::jsonb end,
    'ceiling', ceiling);
end
$$;
`;
