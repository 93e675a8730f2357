import { AMOUNT_MAX } from '../../../kernel/arithmetic.ts';

/** `PRAGMA application_id` of a ledger: the letters HCAP. */
export const APPLICATION_ID = 0x48_43_41_50;

/** One step of the schema; `user_version` of the file says up to which one it has come. */
export interface SchemaStep {
  readonly version: number;
  readonly sql: string;
}

/** Three columns, one for each dimension. */
function three(name: string, type: string): string {
  return `${name}_usd ${type}, ${name}_tokens ${type}, ${name}_calls ${type}`;
}

const AMOUNT = `INTEGER NOT NULL DEFAULT 0`;

/** Amounts are integers from 0 to 2^53 - 1, so that every driver reads them exactly. */
function areAmounts(...names: readonly string[]): string {
  const columns = names.flatMap((name) => [`${name}_usd`, `${name}_tokens`, `${name}_calls`]);
  return columns.map((column) => `CHECK (${column} BETWEEN 0 AND ${AMOUNT_MAX})`).join(',\n    ');
}

/**
 * I1 on one row: what is taken is at most the ceiling last used and what reports put above it. It
 * is no rule where that dimension is not capped (NULL).
 */
function isConserved(dimension: string): string {
  const taken = `spent_${dimension} + held_${dimension} + elsewhere_${dimension}`;
  return (
    `CONSTRAINT ${dimension}_within_ceiling ` +
    `CHECK (min(${taken}, ${AMOUNT_MAX}) <= ceiling_${dimension} + excess_${dimension})`
  );
}

/** What a slice gave back and spent is at most what it was granted. */
function isWithinSlice(dimension: string): string {
  const used = `spent_${dimension} + returned_${dimension}`;
  return `CHECK (min(${used}, ${AMOUNT_MAX}) <= granted_${dimension})`;
}

const TABLES = `
  -- Amounts in *_usd are nano-dollars: 1000000000 is one dollar. Instants are milliseconds since
  -- 1970-01-01T00:00:00Z.

  CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO meta (name, value) VALUES
    ('what', 'A ledger of hardcap: caps on LLM spend, and who holds parts of them.'),
    ('unit of *_usd', 'nano-dollars: 1000000000 is one dollar'),
    ('unit of *_at, until', 'milliseconds since 1970-01-01T00:00:00Z');

  -- One cap's balances for one scope value in one part of a window.
  CREATE TABLE accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    cap_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    window TEXT NOT NULL,
    leaves_at INTEGER, -- when it stops counting; NULL for lifetime
    ${three('spent', AMOUNT)},
    ${three('held', AMOUNT)}, -- by all slices together
    ${three('in_flight', AMOUNT)}, -- the part of held that calls in flight need
    slices INTEGER NOT NULL DEFAULT 0 CHECK (slices >= 0), -- open ones
    recall INTEGER NOT NULL DEFAULT 0 CHECK (recall >= 0),
    ${three('ceiling', 'INTEGER')}, -- as last used; NULL where not capped
    ${three('elsewhere', AMOUNT)}, -- in other parts of a rolling window, when last used
    version INTEGER NOT NULL DEFAULT 0, -- counts its changes
    ${three('excess', AMOUNT)}, -- what bills and lowered caps put above the ceiling
    ${areAmounts('spent', 'held', 'in_flight', 'ceiling', 'elsewhere', 'excess')},
    ${['usd', 'tokens', 'calls'].map(isConserved).join(',\n    ')}
  ) STRICT;
  CREATE INDEX accounts_of_scope ON accounts (cap_id, scope, leaves_at);

  -- One incarnation of one process.
  CREATE TABLE holders (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    holder TEXT NOT NULL UNIQUE,
    host TEXT NOT NULL,
    boot TEXT NOT NULL,
    pid INTEGER NOT NULL,
    incarnation TEXT NOT NULL,
    journal TEXT,
    opened_at INTEGER NOT NULL,
    is_open INTEGER NOT NULL DEFAULT 1 CHECK (is_open IN (0, 1)),
    seq INTEGER NOT NULL DEFAULT 0 CHECK (seq >= 0),
    last_seen_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX open_holders ON holders (id) WHERE is_open = 1;

  -- What a holder was granted of an account. Of closed holders they are history.
  CREATE TABLE slices (
    holder_id INTEGER NOT NULL,
    account_id INTEGER NOT NULL,
    ${three('granted', AMOUNT)},
    ${three('returned', AMOUNT)},
    ${three('spent', AMOUNT)},
    ${three('in_flight', AMOUNT)},
    seq INTEGER NOT NULL,
    is_refused INTEGER NOT NULL CHECK (is_refused IN (0, 1)),
    is_recalled INTEGER NOT NULL CHECK (is_recalled IN (0, 1)),
    recall INTEGER NOT NULL,
    PRIMARY KEY (holder_id, account_id),
    ${areAmounts('granted', 'returned', 'spent', 'in_flight')},
    ${['usd', 'tokens', 'calls'].map(isWithinSlice).join(',\n    ')}
  ) STRICT, WITHOUT ROWID;

  -- What operators ordered, by the id of the order.
  CREATE TABLE operations (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    body TEXT NOT NULL
  ) STRICT;

  CREATE TABLE raises (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    cap_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    ${three('by', 'INTEGER')}, -- NULL leaves the dimension as it is
    until INTEGER -- NULL until it is undone
  ) STRICT;

  CREATE TABLE closed_scopes (scope TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

  -- Calls charged at their bound that nobody has resolved.
  CREATE TABLE doubts (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    holder TEXT NOT NULL,
    at INTEGER NOT NULL,
    usd INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    keys TEXT NOT NULL -- of the accounts it was charged to, as a JSON array
  ) STRICT;

  -- What was done by hand or by recovery; hash is SHA-256 of previous, a line feed and body.
  CREATE TABLE journal (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
`;

/** The steps from an empty file to the present schema, in order. None is ever changed. */
export const SCHEMA: readonly SchemaStep[] = [{ version: 1, sql: TABLES }];
