import type { Cap } from '../../../policy/cap.ts';
import { guardName } from '../code/attribution.ts';
import type { GuardMade, LedgerOpened } from '../code/guards.ts';
import { linesThat } from '../code/register-lines.ts';
import {
  NO_MODELS,
  spends,
  withoutGuard,
  type Evidence,
  type Finding,
  type Point,
} from '../point.ts';
import { packageOf, type Place, type Project } from '../project.ts';
import { propertyOf, valueOf, type Value } from '../read/value.ts';
import { configPlace, guardPlace } from './caps.ts';

/** 8. What is spent survives the process, and a store that fails does not open the gate. */
export const STORE: Point = {
  id: 'store',
  title: 'The books survive, and fail closed',
  why:
    'A ledger in memory forgets what was spent with every restart and is one per process: ten ' +
    'processes have the cap ten times. What a store loses, the cap gives away.',
  looksAt: [
    'Which ledger each guard has: memory, SQLite, Redis or PostgreSQL',
    "`synchronous: 'normal'` of SQLite, `journal: null`",
    'A SQLite file under more than one replica',
    '`guard.close()` when the process ends',
  ],
  mend: 'Open a durable ledger and hand it to the guard: `new BudgetGuard(config, { ledger })`.',
  judge(project) {
    if (!spends(project)) return NO_MODELS;
    const none = withoutGuard(project, 'nothing keeps what is spent here');
    if (none !== undefined) return none;
    return {
      kind: 'judged',
      findings: project.guards.flatMap((guard) => judged(guard, project)),
      evidence: project.guards.flatMap(evidenceOf),
    };
  },
};

function judged(guard: GuardMade, project: Project): Finding[] {
  const { ledger } = guard;
  if (ledger === undefined || isMemory(ledger)) {
    const told = guard.made === undefined ? registered(project) : [];
    if (told.length > 0) return [];
    return inMemory(guard);
  }
  return [...options(guard, ledger), ...replicas(ledger, project), ...unclosed(guard, project)];
}

function isMemory({ call }: LedgerOpened): boolean {
  return call?.path.endsWith('createMemoryLedger') === true;
}

/** `HARDCAP_LEDGER=sqlite:...` for `hardcap/register`. */
function registered({ files }: Project): readonly Place[] {
  return linesThat(files, /./, /HARDCAP_LEDGER["']?\s*[:=]\s*["']?sqlite:/);
}

function inMemory(guard: GuardMade): Finding[] {
  const place = guardPlace(guard);
  const { config } = guard;
  const caps = config.kind === 'settings' ? config.settings.caps : undefined;
  const mend =
    'hand it a durable ledger: `openSqliteLedger`, `openRedisLedger`, `openPostgresLedger`';
  if (caps !== undefined && caps.every(({ window }) => isWithinAnHour(window))) {
    const what = 'the books are in memory, one of its own in each process';
    return [{ level: 'warn', place, what, mend }];
  }
  const what =
    'the books are in memory: each restart begins anew, and each process has the whole cap';
  return [{ level: 'fail', place, what, mend }];
}

function isWithinAnHour(window: Cap['window']): boolean {
  if (window.kind === 'lifetime') return false;
  if (window.kind === 'rolling') return window.duration <= HOUR_MS;
  return window.unit === 'minute' || window.unit === 'hour';
}

const HOUR_MS = 3_600_000;

function options(guard: GuardMade, ledger: LedgerOpened): Finding[] {
  const { file, call } = ledger;
  if (call === undefined) return [];
  const found: Finding[] = [];
  const at = (from: number) => ({ file: file.path, line: file.source.line(from) });
  const synchronous = option(ledger, 'synchronous');
  if (synchronous?.value === 'normal') {
    const what = 'a power cut may lose grants that were spent: the cap can be passed by those';
    const mend = "leave `synchronous: 'normal'` out";
    found.push({ level: 'fail', place: at(synchronous.from), what, mend });
  }
  const journal = option(ledger, 'journal');
  if (journal?.value === null) {
    const what =
      'without a journal, a process that dies has all that it had leased charged as spent';
    const mend = 'give `journal` a folder on a local disk';
    found.push({ level: 'warn', place: at(journal.from), what, mend });
  }
  if (guard.config.kind === 'invalid') {
    const what = 'whether the ledger suits the caps cannot be judged';
    found.push({
      level: 'note',
      place: configPlace(guard),
      what,
      mend: 'correct the configuration',
    });
  }
  return found;
}

function option(
  { file, call }: LedgerOpened,
  name: string,
): { readonly value: Value; readonly from: number } | undefined {
  const [given] = call?.args ?? [];
  const span = given === undefined ? undefined : propertyOf(file.source, given, name);
  if (span === undefined || span === 'spread') return undefined;
  return { value: valueOf(file, span), from: span.from };
}

/** A file is shared by the processes of one host, not by those of several. */
function replicas({ call }: LedgerOpened, { files }: Project): Finding[] {
  if (call?.path.endsWith('openSqliteLedger') !== true) return [];
  return linesThat(
    files,
    /\.ya?ml$/,
    /^\s*(replicas|minReplicas|instances):\s*([2-9]|[1-9]\d+)\s*$/,
  ).map((place) => ({
    level: 'fail',
    place,
    what: 'several replicas run here, and each host has its own SQLite file with the whole cap',
    mend: 'use `openRedisLedger` or `openPostgresLedger`, or one replica',
  }));
}

/** What a process has leased is free for the others when it closes, and later when it just ends. */
function unclosed(guard: GuardMade, project: Project): Finding[] {
  const place = guardPlace(guard);
  const home = packageOf(project, place.file).folder;
  const name = guardName(guard);
  const isClosed = project.code.some(
    (file) =>
      packageOf(project, file.path).folder === home &&
      file.calls.some(({ path }) => {
        const [method, owner] = path.split('.').toReversed();
        const isOurs = owner === name || /^\w*(guard|ledger)\w*$/i.test(owner ?? '');
        return method === 'close' && owner !== undefined && isOurs;
      }),
  );
  if (isClosed) return [];
  const what = 'the guard is never closed, so what the process leased stays held until recovery';
  return [{ level: 'warn', place, what, mend: 'call `await guard.close()` when the process ends' }];
}

function evidenceOf(guard: GuardMade): Evidence[] {
  const { ledger } = guard;
  if (ledger === undefined) return [];
  const { file, call } = ledger;
  if (call === undefined) {
    return [{ place: guardPlace(guard), what: 'a ledger is handed in from elsewhere' }];
  }
  return [
    { place: { file: file.path, line: file.source.line(call.from) }, what: `\`${call.path}\`` },
  ];
}
