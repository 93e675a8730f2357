/** What a million calls a second would take: arithmetic on published figures, nothing measured here. */

/** Calls a second that the section is about. */
const CALLS_PER_SECOND = 1_000_000;
/** Dollars a call may cost on average: assumptions of the table, from a small model to a large one. */
const MEAN_COSTS_USD = [0.0001, 0.001, 0.01];
/** The largest cap in dollars: 2^53 - 1 nano-dollars. */
const CAP_USD_MAX = Number.MAX_SAFE_INTEGER / 1e9;
const DAY_S = 86_400;
const BEGIN =
  '<!-- scale:begin. Written by `npm run docs:blueprint` from benchmarks and leases; change scripts/docs/scale.ts, not this. -->';
const END = '<!-- scale:end -->';

/** The pages that the figures are read from. */
export interface Published {
  readonly benchmarks: string;
  readonly leases: string;
}

/** The page with the section between its marks written anew. */
export function withScale(page: string, published: Published): string {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error('The page has lost its marks');
  return `${before}${BEGIN}\n\n${scaleSection(published)}\n\n${END}${after}`;
}

/** The section as Markdown. */
export function scaleSection({ benchmarks, leases }: Published): string {
  const decision = (name: string) => cell(benchmarks, ['4', '4096'], name);
  const leased = (name: string) => {
    const [half = ''] = text(benchmarks, ['PostgreSQL, leased + journal', '4'], name).split(' / ');
    return number(half);
  };
  const cpu = [
    ['reading the request off the wire', decision('reading p50')],
    ['bound, price, plan, reserve in memory', decision('decision p50')],
    ['reserve on a leased ledger, journal included', leased('reserve p50 / p99, us')],
    ['settle on a leased ledger, journal included', leased('settle p50 / p99, us')],
  ] as const;
  const micros = sum(cpu.map(([, value]) => value));
  const direct = cell(benchmarks, ['PostgreSQL, direct', '4'], 'pairs/s');
  const perPair =
    cell(leases, ['direct: every call asks'], 'messages per 1,000 calls in all') / 1_000;
  const store = direct * perPair;
  return [
    'CPU of the guard, from [benchmarks](reference/benchmarks.md) (4 accounts, 4 kB prompt, medians, microseconds a call):',
    '',
    '| step | us |',
    '|---|---|',
    ...cpu.map(([name, value]) => `| ${name} | ${value.toFixed(1)} |`),
    `| together, counted twice where they overlap | ${micros.toFixed(1)} |`,
    `| cores for ${grouped(CALLS_PER_SECOND)} calls/s | ${Math.ceil((micros * CALLS_PER_SECOND) / 1e6)} |`,
    '',
    'Messages to stores, from the simulated fleets of [leases](reference/leases.md), caps far away:',
    '',
    '| fleet and routing | messages per 1,000 calls | messages/s | cells, at what one store did here |',
    '|---|---|---|---|',
    ...fleets(leases).map(([name, per]) => {
      const rate = (per / 1_000) * CALLS_PER_SECOND;
      return `| ${name} | ${per} | ${grouped(rate)} | ${grouped(Math.ceil(rate / store))} |`;
    }),
    '',
    `*What one store did here* is PostgreSQL asked for every call by four processes: ${grouped(direct)} pairs/s, at`,
    `${perPair.toFixed(2)} messages a pair, ${grouped(store)} durable messages a second, on the disk of a shared machine, each process`,
    'waiting for its answer. A store that many ask at once does more: measure yours, and divide.',
    '',
    'Money in one account, which ends at 2^53 - 1 nano-dollars:',
    '',
    '| mean cost of a call | spent a day | cells that a daily cap on everything needs for its range alone |',
    '|---|---|---|',
    ...MEAN_COSTS_USD.map((usd) => {
      const day = usd * CALLS_PER_SECOND * DAY_S;
      return `| $${usd} | $${grouped(day)} | ${grouped(Math.ceil(day / CAP_USD_MAX))} |`;
    }),
  ].join('\n');
}

function fleets(leases: string): readonly (readonly [name: string, per: number])[] {
  const column = 'messages per 1,000 calls';
  return rows(leases)
    .filter(({ cells }) => /^\d+ processes, \d+ calls\/s each/.test(cells[0] ?? ''))
    .map((row) => [row.cells[0] ?? '', number(at(row, column))] as const);
}

interface Row {
  readonly head: readonly string[];
  readonly cells: readonly string[];
}

/** Every row of every table of a page, with the head of its table. */
function rows(page: string): readonly Row[] {
  const found: Row[] = [];
  let head: readonly string[] | undefined;
  for (const line of page.split('\n')) {
    if (!line.startsWith('|')) head = undefined;
    else if (head === undefined) head = cellsOf(line);
    else if (!/^[|\s:-]+$/.test(line)) found.push({ head, cells: cellsOf(line) });
  }
  return found;
}

function cellsOf(line: string): readonly string[] {
  return line
    .slice(1, -1)
    .split('|')
    .map((one) => one.replaceAll('**', '').trim());
}

/** The cell in the first row that begins like this, under the column of this name. */
function text(page: string, begins: readonly string[], column: string): string {
  const row = rows(page).find(
    ({ head, cells }) =>
      head.includes(column) && begins.every((value, index) => cells[index] === value),
  );
  if (row === undefined) throw new Error(`No row ${begins.join(', ')} with the column ${column}`);
  return at(row, column);
}

function cell(page: string, begins: readonly string[], column: string): number {
  return number(text(page, begins, column));
}

function at({ head, cells }: Row, column: string): string {
  return cells[head.indexOf(column)] ?? '';
}

function number(shown: string): number {
  const value = Number(shown.replaceAll(',', ''));
  if (shown === '' || !Number.isFinite(value))
    throw new Error(`${JSON.stringify(shown)} is no number`);
  return value;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function grouped(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
