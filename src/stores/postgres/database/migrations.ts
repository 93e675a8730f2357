import { ConfigError } from '../../../errors/error.ts';
import { APPLY_ITEM_SQL } from './sql/apply-item.ts';
import { ARITHMETIC_SQL } from './sql/arithmetic.ts';
import { EXCHANGE_SQL } from './sql/exchange.ts';
import { HOLDERS_SQL } from './sql/holders.ts';
import { OPERATIONS_SQL } from './sql/operations.ts';
import { TABLES_SQL } from './sql/tables.ts';

/** The schema unless another one is configured. */
export const SCHEMA = 'hardcap';

/** What leads from each version of the schema to the next: the first makes version 1. */
export const MIGRATIONS: readonly string[] = [
  [TABLES_SQL, ARITHMETIC_SQL, APPLY_ITEM_SQL, EXCHANGE_SQL, HOLDERS_SQL, OPERATIONS_SQL].join(''),
];

/** The version of the schema that this release speaks. */
export const VERSION = MIGRATIONS.length;

/** Raised by the migration when the schema is of a later release. */
export const TOO_NEW = 'HC010';

/** Where the schema is to be made. */
export interface MigrationOptions {
  readonly schema?: string;
}

/**
 * The SQL that brings a database of any earlier version, or of none, to this one. Running it again
 * changes nothing. All of it happens or none, under a lock that lets one run at a time; whoever
 * runs it owns the tables.
 *
 * Throws `CONFIG_INVALID` for a schema that is no plain name.
 */
export function migrationSql({ schema = SCHEMA }: MigrationOptions = {}): string {
  const name = `"${readSchema(schema)}"`;
  const steps = MIGRATIONS.map(
    (sql, index) => `
  if kept < ${index + 1} then
    execute ${TAG}${sql}${TAG};
    update hardcap.meta set version = ${index + 1};
  end if;`,
  );
  return inSchema(
    `set transaction isolation level read committed;
do $migrate$
declare
  kept integer;
begin
  perform pg_advisory_xact_lock(hashtextextended('hardcap migration of ${name}', 0));
  if to_regnamespace('${name}') is null then
    create schema hardcap;
  end if;
  if to_regclass('hardcap.meta') is null then
    create table hardcap.meta (
      only_row boolean primary key default true check (only_row),
      version integer not null,
      lineage text not null,
      epoch bigint not null default 0,
      is_redeclaring boolean not null default false
    );
    insert into hardcap.meta (version, lineage) values (0,
      (pg_control_system()).system_identifier || '/' ||
      left(pg_walfile_name(pg_current_wal_lsn()), 8));
  end if;
  select version into kept from hardcap.meta;
  if kept > ${VERSION} then
    raise exception 'the schema has version %, this release knows up to ${VERSION}', kept
      using errcode = '${TOO_NEW}';
  end if;${steps.join('')}
end
$migrate$;
`,
    name,
  );
}

/** The text with the schema's own name, in quotes, where it says `hardcap.`. */
function inSchema(text: string, name: string): string {
  return text
    .replaceAll(/\bhardcap\./g, `${name}.`)
    .replaceAll(/schema hardcap\b/g, `schema ${name}`);
}

/** A name that means the same in SQL with and without quotes. */
export function readSchema(schema: unknown): string {
  if (typeof schema === 'string' && /^[a-z_][a-z0-9_]{0,62}$/.test(schema)) return schema;
  throw new ConfigError({
    field: 'schema',
    value: schema,
    reason: 'must be 1 to 63 lower-case letters, digits and underscores, no digit first',
    nearest: SCHEMA,
  });
}

const TAG = '$hardcap$';
