/**
 * The arithmetic of `sums.ts` on arrays of three integers: nano-dollars, tokens, calls. Sums stay
 * at 2^53 - 1, differences at 0. In plpgsql, which a session compiles once: functions in SQL that
 * are not inlined are planned anew in every transaction.
 */
export const ARITHMETIC_SQL = `
create function hardcap.sums(value jsonb) returns bigint[]
  language plpgsql immutable parallel safe as $$
begin
  return array[(value->>0)::bigint, (value->>1)::bigint, (value->>2)::bigint];
end
$$;

create function hardcap.plus(a bigint[], b bigint[]) returns bigint[]
  language plpgsql immutable parallel safe as $$
begin
  return array[
    least(a[1] + b[1], 9007199254740991),
    least(a[2] + b[2], 9007199254740991),
    least(a[3] + b[3], 9007199254740991)];
end
$$;

create function hardcap.minus(a bigint[], b bigint[]) returns bigint[]
  language plpgsql immutable parallel safe as $$
begin
  return array[greatest(a[1] - b[1], 0), greatest(a[2] - b[2], 0), greatest(a[3] - b[3], 0)];
end
$$;

create function hardcap.smaller(a bigint[], b bigint[]) returns bigint[]
  language plpgsql immutable parallel safe as $$
begin
  return array[least(a[1], b[1]), least(a[2], b[2]), least(a[3], b[3])];
end
$$;

create function hardcap.larger(a bigint[], b bigint[]) returns bigint[]
  language plpgsql immutable parallel safe as $$
begin
  return array[greatest(a[1], b[1]), greatest(a[2], b[2]), greatest(a[3], b[3])];
end
$$;

create function hardcap.is_within(a bigint[], b bigint[]) returns boolean
  language plpgsql immutable parallel safe as $$
begin
  return a[1] <= b[1] and a[2] <= b[2] and a[3] <= b[3];
end
$$;

create function hardcap.is_nothing(a bigint[]) returns boolean
  language plpgsql immutable parallel safe as $$
begin
  return a[1] = 0 and a[2] = 0 and a[3] = 0;
end
$$;

-- What a slice still holds of its account.
create function hardcap.held_by(granted bigint[], returned bigint[], spent bigint[])
  returns bigint[] language plpgsql immutable parallel safe as $$
begin
  return hardcap.minus(hardcap.minus(granted, returned), spent);
end
$$;

-- What stands above the ceiling; nothing where there is none.
create function hardcap.excess(spent bigint[], held bigint[], ceiling bigint[])
  returns bigint[] language plpgsql immutable parallel safe as $$
begin
  return array[
    greatest(spent[1] + held[1] - ceiling[1], 0),
    greatest(spent[2] + held[2] - ceiling[2], 0),
    greatest(spent[3] + held[3] - ceiling[3], 0)];
end
$$;

-- Less than a 32nd of a ceiling is left.
create function hardcap.is_near(room bigint[], ceiling bigint[]) returns boolean
  language plpgsql immutable parallel safe as $$
begin
  return coalesce(room[1] < ceiling[1] / 32, false)
    or coalesce(room[2] < ceiling[2] / 32, false)
    or coalesce(room[3] < ceiling[3] / 32, false);
end
$$;

-- What is left in each dimension; where nothing is capped, nothing can be asked for.
create function hardcap.room(ceiling bigint[], taken bigint[]) returns bigint[]
  language plpgsql immutable parallel safe as $$
begin
  return hardcap.minus(
    array[coalesce(ceiling[1], 0), coalesce(ceiling[2], 0), coalesce(ceiling[3], 0)], taken);
end
$$;

create function hardcap.clock(now_ms bigint) returns bigint
  language plpgsql volatile as $$
begin
  return coalesce(now_ms, floor(extract(epoch from clock_timestamp()) * 1000)::bigint);
end
$$;

-- States what must hold; if it does not, the bug is ours and nothing is changed.
create function hardcap.must_hold(condition boolean, statement text) returns void
  language plpgsql immutable as $$
begin
  if condition is not true then
    raise exception 'Must hold: %.', statement using errcode = 'HC001';
  end if;
end
$$;
`;
