/**
 * The tables of the store. Amounts stand in three columns each: nano-dollars, tokens, calls.
 * `hardcap.` stands for the schema that is configured.
 */
export const TABLES_SQL = `
-- A scope value of a cap, over all its windows. Its row is locked before any of its accounts.
create table hardcap.series (
  cap_id text not null,
  scope text not null,
  -- Raised with every change that a stale snapshot must not miss.
  changes bigint not null default 0,
  primary key (cap_id, scope)
);

-- One part of one window of one cap and scope value.
create table hardcap.accounts (
  key text primary key,
  cap_id text not null,
  scope text not null,
  window_name text not null,
  -- Milliseconds since 1970; 9007199254740991 for a lifetime.
  leaves_at bigint not null,
  spent_usd bigint not null default 0 check (spent_usd >= 0),
  spent_tokens bigint not null default 0 check (spent_tokens >= 0),
  spent_calls bigint not null default 0 check (spent_calls >= 0),
  -- The sum over open slices of granted - returned - spent.
  held_usd bigint not null default 0 check (held_usd >= 0),
  held_tokens bigint not null default 0 check (held_tokens >= 0),
  held_calls bigint not null default 0 check (held_calls >= 0),
  in_flight_usd bigint not null default 0 check (in_flight_usd >= 0),
  in_flight_tokens bigint not null default 0 check (in_flight_tokens >= 0),
  in_flight_calls bigint not null default 0 check (in_flight_calls >= 0),
  slices bigint not null default 0 check (slices >= 0),
  recall bigint not null default 0 check (recall >= 0),
  -- As last used; null where that dimension is not capped.
  ceiling_usd bigint,
  ceiling_tokens bigint,
  ceiling_calls bigint,
  -- What reports, corrections and lowered caps put above the ceiling; a grant never does.
  excess_usd bigint not null default 0 check (excess_usd >= 0),
  excess_tokens bigint not null default 0 check (excess_tokens >= 0),
  excess_calls bigint not null default 0 check (excess_calls >= 0),
  foreign key (cap_id, scope) references hardcap.series,
  constraint usd_within_cap check (spent_usd + held_usd <= ceiling_usd + excess_usd),
  constraint tokens_within_cap check (spent_tokens + held_tokens <= ceiling_tokens + excess_tokens),
  constraint calls_within_cap check (spent_calls + held_calls <= ceiling_calls + excess_calls)
) with (fillfactor = 50);
create index accounts_in_series on hardcap.accounts (cap_id, scope, leaves_at);

create table hardcap.holders (
  holder text primary key,
  host text not null,
  boot text not null,
  pid bigint not null,
  incarnation text not null,
  journal text,
  opened_at bigint not null,
  opened_as bigint generated always as identity,
  is_open boolean not null default true,
  seq bigint not null default 0 check (seq >= 0),
  last_seen_at bigint not null,
  -- The last loss of the store's tail after which it has declared what it holds.
  declared_epoch bigint not null
) with (fillfactor = 50);

-- Slices of open holders; the end of a holder removes them.
create table hardcap.slices (
  holder text not null references hardcap.holders,
  key text not null references hardcap.accounts,
  granted_usd bigint not null check (granted_usd >= 0),
  granted_tokens bigint not null check (granted_tokens >= 0),
  granted_calls bigint not null check (granted_calls >= 0),
  returned_usd bigint not null check (returned_usd >= 0),
  returned_tokens bigint not null check (returned_tokens >= 0),
  returned_calls bigint not null check (returned_calls >= 0),
  spent_usd bigint not null check (spent_usd >= 0),
  spent_tokens bigint not null check (spent_tokens >= 0),
  spent_calls bigint not null check (spent_calls >= 0),
  in_flight_usd bigint not null check (in_flight_usd >= 0),
  in_flight_tokens bigint not null check (in_flight_tokens >= 0),
  in_flight_calls bigint not null check (in_flight_calls >= 0),
  seq bigint not null,
  is_refused boolean not null,
  is_recalled boolean not null,
  recall bigint not null,
  primary key (holder, key)
) with (fillfactor = 50);
create index slices_of_account on hardcap.slices (key);

create table hardcap.raises (
  ordered_as bigint generated always as identity primary key,
  cap_id text not null,
  scope text not null,
  by_usd bigint,
  by_tokens bigint,
  by_calls bigint,
  -- By the clock of the store; null until it is undone.
  until bigint
);
create index raises_of_series on hardcap.raises (cap_id, scope);

create table hardcap.closed_scopes (scope text primary key);

-- Calls charged at their bound that nobody has resolved.
create table hardcap.doubts (
  id text primary key,
  found_as bigint generated always as identity,
  holder text not null references hardcap.holders,
  at bigint not null,
  amounts bigint[] not null,
  keys text[] not null
);

create table hardcap.operations (id text primary key, body text not null);

create table hardcap.journal (
  seq bigint primary key,
  previous text not null,
  hash text not null,
  body text not null
);

-- The last record; whoever writes the next one locks it.
create table hardcap.journal_head (
  only_row boolean primary key default true check (only_row),
  seq bigint not null,
  hash text not null
);
insert into hardcap.journal_head values (true, 0, repeat('0', 64));
`;
