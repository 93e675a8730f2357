import { HardcapError } from '../../errors/error.ts';
import { EXIT, defineCommand, type World } from '../command.ts';
import { balanceTable } from '../balance/table.ts';
import { balancesOf, type BalanceRow } from '../books/balances.ts';
import { BOOKS_OPTIONS, withBooks, type Books } from '../books/books.ts';
import { readScope } from '../books/scope.ts';
import { pause } from '../frame/pause.ts';
import { redacted } from '../frame/redact.ts';
import { viewOf } from '../frame/view.ts';
import { usageError } from '../usage-error.ts';
import { pictureOf, type Moment } from './picture.ts';
import { enterScreen } from './screen.ts';

/** What `hardcap top --json` prints, once. */
export interface TopAnswer {
  /** ISO 8601, in UTC. */
  readonly at: string;
  readonly accounts: readonly BalanceRow[];
  readonly processes: number;
}

/** The shortest time between two readings. */
const EVERY_MS_MIN = 200;

/** `hardcap top`. */
export const top = defineCommand({
  name: 'top',
  summary: 'Shows live which accounts are used up the most, until q is pressed',
  about: [
    'Where standard output is no terminal, or with --json, it prints one reading and ends.',
    'A store that does not answer is told on the screen, and asked again; the figures stay those ' +
      'of the last answer.',
  ],
  args: [
    { name: 'scope', summary: 'global or <dimension>:<value>; all unless given', isOptional: true },
  ],
  options: {
    every: { kind: 'duration', summary: 'How often the ledger is read', default: '1s' },
    ...BOOKS_OPTIONS,
  },
  examples: [
    { line: 'hardcap top', does: 'every account, read once a second' },
    { line: 'hardcap top customer:acme --every 5s', does: 'one customer' },
  ],
  async run({ options, args: { scope: typed }, isJson }, world) {
    const scope = typed === undefined ? undefined : readScope(typed);
    if (options.every < EVERY_MS_MIN) {
      throw usageError(`--every is shorter than ${EVERY_MS_MIN} ms`, 'Say --every 1s');
    }
    return await withBooks(options, world, async (books) => {
      const read = (): Promise<Moment> => momentOf(books, scope, world);
      const first = await read();
      if (world.out.isTerminal && !isJson) {
        await shown(first, { read, everyMs: options.every, world });
        return { exit: EXIT.ok, json: undefined, text: () => '' };
      }
      const { at, accounts, processes } = first;
      const json: TopAnswer = { at, accounts, processes };
      return { exit: EXIT.ok, json, text: (view) => balanceTable(accounts, view) };
    });
  },
});

async function momentOf(books: Books, scope: string | undefined, world: World): Promise<Moment> {
  const accounts = await balancesOf(books, scope, world);
  const { holders } = await books.operations.holds();
  const at = new Date(world.clock()).toISOString();
  return { at, ledger: books.shown, accounts, processes: holders.length, fault: undefined };
}

interface Showing {
  readonly read: () => Promise<Moment>;
  readonly everyMs: number;
  readonly world: World;
}

async function shown(first: Moment, { read, everyMs, world }: Showing): Promise<void> {
  let [now, before]: [Moment, Moment | undefined] = [first, undefined];
  const { out } = world;
  const screen = enterScreen(world, () =>
    pictureOf(now, before, { ...viewOf(out), rows: out.size().rows }),
  );
  try {
    for (;;) {
      screen.draw();
      await pause(everyMs, screen.leaving);
      if (screen.leaving.aborted) return;
      const next = await readOr(now, read);
      if (next.fault === undefined) before = now;
      now = next;
    }
  } finally {
    screen.leave();
  }
}

/** The next reading, or the last one with what went wrong since. */
async function readOr(last: Moment, read: () => Promise<Moment>): Promise<Moment> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof HardcapError) || error.kind !== 'operation') throw error;
    return { ...last, fault: redacted(error.message) };
  }
}
