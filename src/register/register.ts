/**
 * Guards every request of a process to a provider, whoever makes it, without a change of its code:
 *
 *     node --import hardcap/register app.js
 *
 * What is read from where, what is guarded how, and what cannot be seen: `docs/register.md`.
 */
import { existsSync, writeFileSync, writeSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { isMainThread, threadId } from 'node:worker_threads';
import { ConfigError, HardcapError, OperationError } from '../errors/error.ts';
import { BudgetGuard } from '../guard/guard.ts';
import { openSqliteLedger } from '../open/sqlite.ts';
import { childEnvironment, guardThreads } from './children.ts';
import { ExitReport, type RegisterReport } from './exit-report.ts';
import { Gate } from './gate.ts';
import { gatedFetch } from './global-fetch.ts';
import { guardHttp } from './http.ts';
import { carryHeldMarks } from './passage.ts';
import { EgressReport } from './report.ts';
import { readSettings, type RegisterSettings } from './settings.ts';
import { guardSockets } from './sockets.ts';
import { guardUndici } from './undici.ts';

export type { RegisterReport } from './exit-report.ts';
export type { Channel, EgressOutcome, EgressRow } from './report.ts';

interface Registered {
  readonly guard: BudgetGuard;
  readonly closed: HardcapError | undefined;
  readonly report: () => RegisterReport;
}

/** One for each thread, whichever copy of the package came first. */
const REGISTERED = Symbol.for('hardcap.register');

const STDERR = 2;

const OTHER_WAYS =
  'Name another file with HARDCAP_CONFIG, or caps with HARDCAP_GLOBAL_CAP_PER_DAY_USD=5.';

const registered = register();

/**
 * The guard that stands before every request of this process: for `guard.run`, for wrappers, whose
 * requests are then held once, and for its balances and events.
 *
 * Throws `STORE_UNAVAILABLE` in a worker thread without a shared ledger, where nothing may leave.
 */
export function registeredGuard(): BudgetGuard {
  if (registered.closed !== undefined) throw registered.closed;
  return registered.guard;
}

/** What left this thread so far and what did not, by host, route, channel and outcome. */
export function registerReport(): RegisterReport {
  return registered.report();
}

function register(): Registered {
  const known: unknown = Reflect.get(globalThis, REGISTERED);
  if (known !== undefined) return known as Registered;
  try {
    const made = install(readSettings(process.env, existsSync));
    Object.defineProperty(globalThis, REGISTERED, { value: made });
    return made;
  } catch (error) {
    return stop(error);
  }
}

/** A process that cannot be guarded does not start. */
function stop(error: unknown): never {
  const told = error instanceof HardcapError ? error.message : String((error as Error).stack);
  const isOfFile = error instanceof ConfigError && error.field === 'path';
  const message = isOfFile ? `${told} ${OTHER_WAYS}` : told;
  writeSync(STDERR, `hardcap/register: ${message}\nThe process ends, so that nothing leaves it.\n`);
  process.exit(1);
}

function install(settings: RegisterSettings): Registered {
  const { config, hosts, scopes, ledgerPath } = settings;
  const closed = isMainThread || ledgerPath !== undefined ? undefined : threadOfItsOwn();
  const ledger = ledgerPath === undefined ? undefined : openSqliteLedger({ path: ledgerPath });
  const guard = new BudgetGuard(config, {
    ...(ledger === undefined ? {} : { ledger }),
    ...(scopes === undefined ? {} : { scopes }),
  });
  const report = new EgressReport();
  const fetch = globalThis.fetch;
  const gate = new Gate({ guard, hosts, report, fetch, closed });
  globalThis.fetch = gatedFetch(gate, fetch);
  guardUndici(gate);
  guardHttp(gate);
  guardSockets(gate);
  carryHeldMarks();
  guardThreads(import.meta.url);
  syncBuiltinESMExports();
  passOn(settings);
  const exit = new ExitReport(guard, report);
  const about = { pid: process.pid, thread: threadId, ledger: ledgerPath ?? 'memory' };
  process.on('exit', () => tell(settings, exit, about));
  return { guard, closed, report: () => exit.read(about) };
}

/** Two books would be two caps: a thread that cannot share those of its process spends nothing. */
function threadOfItsOwn(): OperationError {
  return new OperationError(
    'STORE_UNAVAILABLE',
    'A worker thread does not share the books that its process keeps in memory, and books of its ' +
      'own would be a cap of its own. Nothing was sent. Keep them in a file that all threads ' +
      'share: HARDCAP_LEDGER=sqlite:spend.db.',
  );
}

function passOn(settings: RegisterSettings): void {
  const { pid } = process;
  const env = childEnvironment(process.env, settings, { module: import.meta.url, pid });
  for (const [name, value] of Object.entries(env)) process.env[name] = value;
}

function tell(
  { reportPath, hasSummary, isChild }: RegisterSettings,
  exit: ExitReport,
  about: Pick<RegisterReport, 'pid' | 'thread' | 'ledger'>,
): void {
  const isFirst = isMainThread && !isChild;
  // A child or a thread that asked no provider has nothing to tell.
  if (!isFirst && exit.isEmpty) return;
  if (hasSummary) writeSync(STDERR, exit.summary(about));
  if (reportPath === undefined) return;
  const path = isFirst ? reportPath : `${reportPath}.${about.pid}.${about.thread}`;
  try {
    writeFileSync(path, `${JSON.stringify(exit.read(about), undefined, 2)}\n`);
  } catch (error) {
    // How the program ended is its own affair; that its report is missing is said.
    writeSync(STDERR, `hardcap/register: no report: ${(error as Error).message}\n`);
  }
}
