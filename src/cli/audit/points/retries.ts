import { spendsIn } from '../code/refusal-loss.ts';
import { clientOf } from '../code/spending.ts';
import { NO_MODELS, spends, type Evidence, type Finding, type Point } from '../point.ts';
import { packageOf, type Project } from '../project.ts';
import type { CodeFile } from '../read/code-file.ts';
import type { Call } from '../read/source.ts';
import { UNKNOWN, propertyOf, valueOf, type Value } from '../read/value.ts';

/** More attempts after the first than this are a loop. */
const RETRIES_MAX = 5;

/** A client that gives up earlier abandons answers that are billed all the same. */
const TIMEOUT_MS_MIN = 10_000;

/** 6. Retries are few, known, and not multiplied. */
export const RETRIES: Point = {
  id: 'retries',
  title: 'Retries are bounded',
  why:
    'Each retry is a request of its own that may be billed. Retries around retries ' +
    'multiply, and an ' +
    'attempt that timed out is billed although nobody reads its answer.',
  looksAt: [
    `\`maxRetries\` of each client: at most ${RETRIES_MAX}, and below every \`identical\` cap`,
    'LangChain models, which try 6 times more unless told otherwise',
    'Functions that try again (`p-retry` and the like) around clients that try again by themselves',
    `Timeouts under ${TIMEOUT_MS_MIN / 1000} s on clients that try again`,
  ],
  mend: 'Say `maxRetries` where the client is made, and retry in one place only.',
  judge(project) {
    if (!spends(project)) return NO_MODELS;
    const clients = project.code
      .filter(({ isTest }) => !isTest)
      .flatMap((file) =>
        file.calls.flatMap((call) => {
          const made = readClient(file, call);
          return made === undefined ? [] : [made];
        }),
      );
    const outer = project.code.flatMap((file) => multiplied(file, clients, project));
    if (clients.length + outer.length === 0) {
      return { kind: 'not-applicable', reason: 'no client is made whose retries could be seen' };
    }
    return {
      kind: 'judged',
      findings: [...clients.flatMap((client) => judged(client, project)), ...outer],
      evidence: clients.map(evidenceOf),
    };
  },
};

interface Client {
  readonly file: CodeFile;
  readonly call: Call;
  readonly said: Value;
  /** Attempts after the first; `undefined`: computed. */
  readonly retries: number | undefined;
  readonly timeoutMs: number | undefined;
  readonly byDefault: number;
}

function readClient(file: CodeFile, call: Call): Client | undefined {
  const known = clientOf(file, call);
  if (known === undefined) return undefined;
  const said = optionOf(file, call, 'maxRetries');
  const timeout = optionOf(file, call, 'timeout');
  const retries = said === undefined ? known.retries : said;
  return {
    file,
    call,
    said,
    retries: typeof retries === 'number' ? retries : undefined,
    timeoutMs: typeof timeout === 'number' ? timeout : undefined,
    byDefault: known.retries,
  };
}

/** What an option says; `undefined`: not given, `UNKNOWN`: computed. */
function optionOf(file: CodeFile, { args: [options] }: Call, name: string): Value {
  const span = options === undefined ? undefined : propertyOf(file.source, options, name);
  if (span === undefined) return undefined;
  return span === 'spread' ? UNKNOWN : valueOf(file, span);
}

function judged(client: Client, project: Project): Finding[] {
  const { file, call, said, retries, timeoutMs, byDefault } = client;
  const place = { file: file.path, line: file.source.line(call.from) };
  const found: Finding[] = [];
  if (retries !== undefined && retries > RETRIES_MAX && said !== undefined) {
    const what = `${call.path} sends each call up to ${retries + 1} times`;
    found.push({
      level: 'fail',
      place,
      what,
      mend: `set \`maxRetries\` to ${RETRIES_MAX} at most`,
    });
  }
  if (said === undefined && byDefault > RETRIES_MAX) {
    const what = `${call.path} sends each call up to ${byDefault + 1} times unless told otherwise`;
    found.push({ level: 'warn', place, what, mend: 'set `maxRetries`' });
  }
  if (timeoutMs !== undefined && timeoutMs < TIMEOUT_MS_MIN && retries !== 0) {
    const what =
      `${call.path} gives up after ${timeoutMs} ms and sends again: each attempt may ` +
      `be billed`;
    found.push({ level: 'warn', place, what, mend: 'raise `timeout`, or set `maxRetries: 0`' });
  }
  return [...found, ...stormy(client, project)];
}

/** A cap on identical requests must be above the retries, which are identical. */
function stormy({ file, call, retries }: Client, { guards, packages }: Project): Finding[] {
  if (retries === undefined) return [];
  const home = packageOf({ packages }, file.path).folder;
  const least = guards
    .filter((guard) => packageOf({ packages }, guard.configFile).folder === home)
    .flatMap(({ config }) => (config.kind === 'settings' ? config.settings.caps : []))
    .flatMap(({ loops, mode }) =>
      loops?.identical === undefined || mode === 'observe' ? [] : [loops.identical],
    )
    .reduce((min, one) => Math.min(min, one), Infinity);
  if (retries < least) return [];
  const place = { file: file.path, line: file.source.line(call.from) };
  const what =
    `${call.path} sends a call up to ${retries + 1} times, ` +
    `and a cap refuses identical requests from number ${least + 1} on as a storm`;
  return [
    { level: 'fail', place, what, mend: 'lower `maxRetries`, or raise `identical` above it' },
  ];
}

const RETRYING = /retr(y|ies|ying)|backoff/i;

/** A function that tries again, around a client that tries again too. */
function multiplied(file: CodeFile, clients: readonly Client[], project: Project): Finding[] {
  if (file.isTest) return [];
  return file.calls.flatMap((call): Finding[] => {
    const module = file.importOf(call)?.module ?? '';
    if (!RETRYING.test(`${call.path.split('.').at(-1)} ${module}`)) return [];
    if (!call.args.some((arg) => spendsIn(file, arg))) return [];
    const home = packageOf(project, file.path).folder;
    const isMultiplied = clients.some(
      (client) => client.retries !== 0 && packageOf(project, client.file.path).folder === home,
    );
    if (!isMultiplied) return [];
    const place = { file: file.path, line: file.source.line(call.from) };
    const what =
      `\`${call.path}\` tries again around a client that tries again by itself: attempts ` +
      `multiply`;
    return [
      {
        level: 'fail',
        place,
        what,
        mend: 'set `maxRetries: 0` on the client, or leave one of the two out',
      },
    ];
  });
}

function evidenceOf({ file, call, retries, said }: Client): Evidence {
  const place = { file: file.path, line: file.source.line(call.from) };
  const source = said === undefined ? ' by default' : '';
  const count = retries === undefined ? 'computed' : String(retries);
  return { place, what: `${call.path}: maxRetries ${count}${source}` };
}
