import { readConfig, type GuardSettings } from '../../../policy/read-config.ts';
import { readShorthand } from '../../../policy/shorthand.ts';
import { HardcapError } from '../../../errors/error.ts';
import type { CodeFile } from '../read/code-file.ts';
import { bindingOf } from '../read/names.ts';
import type { Call, Span } from '../read/source.ts';
import { UNKNOWN, isKnown, objectOf, propertyOf, valueOf, type Value } from '../read/value.ts';
import type { TextFile } from '../read/walk.ts';

/** What is known of a configuration. */
export type ConfigRead =
  | { readonly kind: 'settings'; readonly settings: GuardSettings; readonly fields: Fields }
  /** It does not load: no process with it starts. */
  | { readonly kind: 'invalid'; readonly field: string; readonly reason: string }
  /** It is computed when the program runs. */
  | { readonly kind: 'computed'; readonly fields: Fields | undefined };

type Fields = Readonly<Record<string, Value>>;

/** A guard that the project makes, or a configuration that some process loads by its name. */
export interface GuardMade {
  readonly config: ConfigRead;
  /** Where the configuration stands: a file of its own, or an object in code. */
  readonly configFile: string;
  readonly configText: string;
  /** Where the text of the configuration begins and ends in the file. */
  readonly configFrom: number;
  readonly configTo: number;
  /** Where the guard is made; `undefined`: only the file is there, for `hardcap/register`. */
  readonly made: { readonly file: CodeFile; readonly call: Call } | undefined;
  /** What opens its ledger: `openSqliteLedger`; `undefined`: the books are in memory. */
  readonly ledger: LedgerOpened | undefined;
}

/** The call that opens a ledger, where it can be seen. */
export interface LedgerOpened {
  readonly file: CodeFile;
  /** `undefined`: a ledger is handed in, and made elsewhere. */
  readonly call: Call | undefined;
}

/** The name of the configuration file that is loaded by default. */
export const CONFIG_NAME = 'budget-guard.config.json';

const OPENERS = /^open(Sqlite|Redis|Postgres)?Ledger(Now)?$/;

/** Every guard of the project, and every configuration file that no code loads. */
export function guardsOf(code: readonly CodeFile[], files: readonly TextFile[]): GuardMade[] {
  const made = code
    .filter(({ isTest }) => !isTest)
    .flatMap((file) => file.calls.flatMap((call) => guardAt(file, call, files) ?? []));
  const loaded = new Set(made.map(({ configFile }) => configFile));
  const alone = files
    .filter(({ path }) => path.split('/').at(-1) === CONFIG_NAME && !loaded.has(path))
    .map((file) => ({ ...ofFile(file), made: undefined, ledger: undefined }));
  return [...made, ...alone, ...(made.length + alone.length === 0 ? inEnvironment(files) : [])];
}

/** `HARDCAP_GLOBAL_CAP_PER_DAY_USD=5`: caps of `hardcap/register` without a file. */
function inEnvironment(files: readonly TextFile[]): GuardMade[] {
  return files.flatMap((file): GuardMade[] => {
    if (/\.([cm]?[jt]sx?|py|md)$/.test(file.path)) return [];
    const found = [...file.text.matchAll(CAP_VARIABLE)];
    const [first] = found;
    if (first === undefined) return [];
    const fields = found.map(([, name = '', amount]) => [name.toLowerCase(), Number(amount)]);
    return [
      {
        config: read(Object.fromEntries(fields)),
        configFile: file.path,
        configText: file.text,
        configFrom: first.index,
        configTo: file.text.length,
        made: undefined,
        ledger: undefined,
      },
    ];
  });
}

const CAP_VARIABLE =
  /\bHARDCAP_((?:GLOBAL|PER_[A-Z0-9_]+)_CAP(?:_PER_[A-Z]+)?_USD)["']?\s*[:=]\s*["']?([\d.]+)/g;

function guardAt(file: CodeFile, call: Call, files: readonly TextFile[]): GuardMade | undefined {
  const isLoaded = call.path.endsWith('.fromConfig');
  const name = isLoaded ? call.path.split('.').at(-2) : call.path.split('.').at(-1);
  const imported = file.importOf(call);
  const isOurs = imported === undefined ? false : imported.module === 'hardcap';
  const known = imported?.name === '*' || imported?.name === 'default' ? name : imported?.name;
  if (!isOurs || known !== 'BudgetGuard' || (!isLoaded && !call.isNew)) return undefined;
  const ledger = ledgerOf(file, call);
  const at = { made: { file, call }, ledger };
  const [first] = call.args;
  if (isLoaded) return { ...loaded(file, first, files), ...at };
  if (first === undefined) return { ...inCode(file, { from: call.from, to: call.to }), ...at };
  const object = objectOf(file, first);
  if (object !== undefined) return { ...inCode(file, object), ...at };
  const named = jsonNamed(file, first, files);
  return { ...(named === undefined ? inCode(file, first) : ofFile(named)), ...at };
}

type Where = Omit<GuardMade, 'made' | 'ledger'>;

/** `BudgetGuard.fromConfig(path?)`. */
function loaded(file: CodeFile, first: Span | undefined, files: readonly TextFile[]): Where {
  const written = first === undefined ? CONFIG_NAME : valueOf(file, first);
  const path = typeof written === 'string' ? nearest(file.path, written, files) : undefined;
  if (path !== undefined) return ofFile(path);
  const reason =
    typeof written === 'string' ? `there is no file ${written}` : 'its path is computed';
  return {
    config:
      typeof written === 'string'
        ? { kind: 'invalid', field: 'path', reason }
        : { kind: 'computed', fields: undefined },
    ...spanIn(file, first ?? { from: 0, to: 1 }),
  };
}

/** A configuration that comes from a file of JSON: imported, required, or read and parsed. */
function jsonNamed(file: CodeFile, span: Span, files: readonly TextFile[]): TextFile | undefined {
  const { source, names } = file;
  const name = source.at(span.from);
  const imported = names.imports.find(({ local }) => local === name && local !== '');
  if (imported !== undefined) return nearest(file.path, imported.module, files);
  const binding = bindingOf(names, source, { name, at: span.from });
  const value = binding?.value ?? span;
  for (let at = value.from; at < value.to; at += 1) {
    const text = source.said({ from: at, to: at + 1 });
    if (text?.endsWith('.json') === true) return nearest(file.path, text, files);
  }
  return undefined;
}

/** The file that a path means: beside the code, in a folder above it, or at the root. */
function nearest(from: string, path: string, files: readonly TextFile[]): TextFile | undefined {
  const plain = path.replace(/^\.\//, '');
  const folders = from.split('/').slice(0, -1);
  for (let depth = folders.length; depth >= 0; depth -= 1) {
    const parts = [...folders.slice(0, depth), ...plain.split('/')];
    const resolved: string[] = [];
    for (const part of parts) {
      if (part === '..') resolved.pop();
      else resolved.push(part);
    }
    const found = files.find((file) => file.path === resolved.join('/'));
    if (found !== undefined) return found;
  }
  return undefined;
}

function ofFile(file: TextFile): Where {
  const place = { configFile: file.path, configText: file.text, configFrom: 0 };
  let input: unknown;
  try {
    input = JSON.parse(file.text);
  } catch (error) {
    const reason = `the file is not JSON (${(error as Error).message})`;
    const config = { kind: 'invalid', field: '', reason } as const;
    return { config, ...place, configTo: file.text.length };
  }
  return { config: read(input), ...place, configTo: file.text.length };
}

function inCode(file: CodeFile, span: Span): Where {
  const value = valueOf(file, span);
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const fields = isObject ? (value as Fields) : undefined;
  const filled = fields === undefined ? undefined : withAmounts(fields);
  const config: ConfigRead =
    filled !== undefined && isKnown(filled) ? read(filled) : { kind: 'computed', fields };
  return { config, ...spanIn(file, span) };
}

/**
 * The configuration with an amount wherever one is computed: no point judges how large a cap is,
 * and an amount from the environment is no reason not to judge the rest.
 */
function withAmounts(fields: Fields): Fields {
  const filled: Record<string, Value> = {};
  for (const [name, value] of Object.entries(fields)) {
    const isAmount = value === UNKNOWN && readShorthand(name) !== undefined;
    const isCaps = name === 'caps' && Array.isArray(value);
    filled[name] = isAmount ? SOME_USD : isCaps ? value.map(capWithAmounts) : value;
  }
  return filled;
}

function capWithAmounts(cap: Value): Value {
  if (typeof cap !== 'object' || cap === null || Array.isArray(cap)) return cap;
  const amounts = new Set(['usd', 'tokens', 'calls']);
  return Object.fromEntries(
    Object.entries(cap).map(([name, value]) => {
      return [name, value === UNKNOWN && amounts.has(name) ? SOME_USD : value];
    }),
  );
}

const SOME_USD = 1;

function spanIn({ path, source }: CodeFile, { from, to }: Span) {
  const last = source.tokens[to - 1];
  return {
    configFile: path,
    configText: source.text,
    configFrom: source.tokens[from]?.start ?? 0,
    configTo: last === undefined ? source.text.length : last.start + last.text.length,
  };
}

function read(input: unknown): ConfigRead {
  try {
    return { kind: 'settings', settings: readConfig(input), fields: input as Fields };
  } catch (error) {
    if (!(error instanceof HardcapError)) throw error;
    const { field } = error as { readonly field?: unknown };
    return {
      kind: 'invalid',
      field: typeof field === 'string' ? field : '',
      reason: error.message,
    };
  }
}

/** The second argument of `new BudgetGuard(config, { ledger })`. */
function ledgerOf(file: CodeFile, call: Call): LedgerOpened | undefined {
  const ports = call.args[1];
  if (ports === undefined) return undefined;
  const object = objectOf(file, ports);
  if (object === undefined) return { file, call: undefined };
  const value = propertyOf(file.source, object, 'ledger');
  if (value === undefined) return undefined;
  if (value === 'spread') return { file, call: undefined };
  return { file, call: openerIn(file, value) };
}

function openerIn(file: CodeFile, span: Span, step = 0): Call | undefined {
  const opener = file
    .callsIn(span)
    .find(
      ({ path }) => OPENERS.test(path.split('.').at(-1) ?? '') || path === 'createMemoryLedger',
    );
  if (opener !== undefined || step > 3) return opener;
  const name = file.source.at(span.from);
  const binding = bindingOf(file.names, file.source, { name, at: span.from });
  return binding === undefined ? undefined : openerIn(file, binding.value, step + 1);
}

/** The line of a field in a configuration, from 1; that of its beginning where it is not found. */
export function configLine(
  { configText, configFrom, configTo }: GuardMade,
  pattern: RegExp | string = '',
): number {
  const text = configText.slice(configFrom, configTo);
  const found = typeof pattern === 'string' ? text.indexOf(pattern) : text.search(pattern);
  return configText.slice(0, configFrom + Math.max(0, found)).split('\n').length;
}
