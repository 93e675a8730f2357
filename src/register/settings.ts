import { resolve } from 'node:path';
import { ConfigError } from '../errors/error.ts';
import { readConfigFile } from '../guard/config-file.ts';
import type { BudgetGuardConfig } from '../policy/config.ts';
import { readScopes } from '../policy/scope-set.ts';
import type { Scopes } from '../policy/scope.ts';
import { readHosts, type ProviderHosts } from './hosts.ts';

/** The environment of a process, as `process.env` gives it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What `hardcap/register` was told by the environment. */
export interface RegisterSettings {
  readonly config: BudgetGuardConfig;
  /** The absolute path of the file it was read from; `undefined`: from the environment alone. */
  readonly configPath: string | undefined;
  readonly hosts: ProviderHosts;
  /** What every request has, beside what `guard.run` adds around it. */
  readonly scopes: Scopes | undefined;
  /** The absolute path of the SQLite file with the books; `undefined`: this process's memory. */
  readonly ledgerPath: string | undefined;
  /** Where the report goes at exit; `undefined`: nowhere. */
  readonly reportPath: string | undefined;
  /** Whether a summary goes to stderr at exit. */
  readonly hasSummary: boolean;
  /** Whether Node processes that this one starts are guarded too. */
  readonly guardsChildren: boolean;
  /** Whether another guarded process started this one. */
  readonly isChild: boolean;
}

/** The variables that are read, each in one place. */
export const VARIABLES = {
  config: 'HARDCAP_CONFIG',
  hosts: 'HARDCAP_HOSTS',
  scopes: 'HARDCAP_SCOPES',
  ledger: 'HARDCAP_LEDGER',
  report: 'HARDCAP_REPORT',
  summary: 'HARDCAP_SUMMARY',
  children: 'HARDCAP_CHILDREN',
  /** Set for children, never by hand. */
  parent: 'HARDCAP_PARENT',
} as const;

const DEFAULT_CONFIG_PATH = 'budget-guard.config.json';

/**
 * Reads the environment, and the file that it names.
 *
 * The configuration is the file `HARDCAP_CONFIG` (by default `budget-guard.config.json` in the
 * working directory) with the caps of the environment (`HARDCAP_GLOBAL_CAP_PER_DAY_USD=5`) over it;
 * without a file those alone. Throws `CONFIG_INVALID` where there is neither, and for a value that
 * cannot be meant.
 */
export function readSettings(env: Environment, exists: (path: string) => boolean) {
  const caps = capsOf(env);
  const named = textOf(env, VARIABLES.config);
  const path = resolve(named ?? DEFAULT_CONFIG_PATH);
  // A file that was named must be there; the default one may be replaced by the environment.
  const isRead = named !== undefined || Object.keys(caps).length === 0 || exists(path);
  const file = isRead ? readConfigFile(path) : {};
  const report = textOf(env, VARIABLES.report);
  const settings: RegisterSettings = {
    config: { ...file, ...caps },
    configPath: isRead ? path : undefined,
    hosts: readHosts(textOf(env, VARIABLES.hosts)),
    scopes: scopesOf(textOf(env, VARIABLES.scopes)),
    ledgerPath: ledgerOf(textOf(env, VARIABLES.ledger)),
    reportPath: report === undefined ? undefined : resolve(report),
    hasSummary: isOn(env, VARIABLES.summary),
    guardsChildren: isOn(env, VARIABLES.children),
    isChild: textOf(env, VARIABLES.parent) !== undefined,
  };
  return settings;
}

/** `HARDCAP_PER_CUSTOMER_CAP_PER_DAY_USD=2` is `per_customer_cap_per_day_usd: 2`. */
const CAP = /^HARDCAP_((?:GLOBAL|PER_[A-Z][A-Z0-9_]*)_CAP(?:_PER_[A-Z]+)?_USD)$/;

function capsOf(env: Environment): Readonly<Record<string, number>> {
  const caps: Record<string, number> = {};
  for (const [name, value] of Object.entries(env)) {
    if (!/^HARDCAP_.*_USD$/.test(name)) continue;
    const field = CAP.exec(name)?.[1]?.toLowerCase();
    const usd = value === undefined || value.trim() === '' ? Number.NaN : Number(value);
    const reason = field === undefined ? 'no cap has this name' : 'it must be a number of dollars';
    if (field === undefined || !Number.isFinite(usd)) {
      throw new ConfigError({ field: name, value, reason, nearest: CAP_EXAMPLE });
    }
    caps[field] = usd;
  }
  return caps;
}

const CAP_EXAMPLE = 'HARDCAP_GLOBAL_CAP_PER_DAY_USD=5';

function scopesOf(text: string | undefined): Scopes | undefined {
  if (text === undefined) return undefined;
  const scopes: Record<string, string> = {};
  for (const pair of text.split(',')) {
    const [, name, value] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
    if (name === undefined || value === undefined || Object.hasOwn(scopes, name)) {
      throw invalid(
        VARIABLES.scopes,
        text,
        'it must be pairs, each dimension once',
        SCOPES_EXAMPLE,
      );
    }
    scopes[name] = value;
  }
  readScopes(scopes);
  return scopes;
}

const SCOPES_EXAMPLE = 'customer=acme,feature=chat';

function ledgerOf(text: string | undefined): string | undefined {
  if (text === undefined || text === 'memory') return undefined;
  const path = /^sqlite:(.+)$/.exec(text)?.[1];
  if (path !== undefined) return resolve(path);
  throw invalid(VARIABLES.ledger, text, 'no such ledger', 'sqlite:spend.db, or memory');
}

function isOn(env: Environment, name: string): boolean {
  const text = textOf(env, name) ?? 'on';
  if (text === 'on' || text === 'off') return text === 'on';
  throw invalid(name, text, 'it must be on or off', 'off');
}

/** A variable that is empty is not set. */
function textOf(env: Environment, name: string): string | undefined {
  const text = env[name]?.trim();
  return text === '' ? undefined : text;
}

function invalid(field: string, value: string, reason: string, nearest: string): ConfigError {
  return new ConfigError({ field, value, reason, nearest });
}
