import type { Break } from './break.ts';

const WAITING = ['test/e2e/waiting.test.ts'];
const SHARED = ['test/e2e/shared-ledger.test.ts'];
const RESERVATION = ['src/guard/reservation.test.ts'];
const OPERATIONS = ['src/open/operations.test.ts'];

const ADMISSION = '1. Admission';
const ONCE = '4. Exactly once';
const NOTHING_LOST = '5. Nothing lost';
const LEGIBLE = '7. A refusal is final and legible';
const OPERATING = 'Operations';

/** Breaks of how a guard uses a shared ledger, how one is opened, and how it is operated. */
export const OPENING_BREAKS: readonly Break[] = [
  {
    part: ADMISSION,
    guarantee: 'No request leaves while the ledger still asks its store',
    file: 'src/adapters/transport.ts',
    find: 'return proceedLate(admission, { ...attempt, request: kept(request) });',
    replace: 'return egress(boundary, request.input, request.init);',
    broken: 'the request goes at once, without a hold',
    tests: WAITING,
    title: 'waited for by a wrapped client',
  },
  {
    part: ONCE,
    guarantee: 'A hold that comes after its caller gave up is given back',
    file: 'src/adapters/transport.ts',
    find: 'else if (late instanceof Reservation) endHold(',
    replace: 'else if (late === undefined) endHold(',
    broken: 'nobody ends it',
    tests: WAITING,
    title: 'gives up while it is asked',
  },
  {
    part: LEGIBLE,
    guarantee:
      'A caller that may not wait is told BUDGET_CAP where what is known suffices for a no',
    file: 'src/guard/near-cap/pursuit.ts',
    find: "case 'refused':\n      case 'ask':\n        return reply.short ?? [];",
    replace: "case 'refused':\n        return reply.short;\n      case 'ask':\n        return [];",
    broken: 'what the ledger knows is thrown away',
    tests: ['src/guard/near-cap/near-cap.test.ts'],
    title: 'tells a caller that does not await',
  },
  {
    part: NOTHING_LOST,
    guarantee: 'The end of a hold that the ledger could not record is tried again',
    file: 'src/guard/reservation.ts',
    find: 'this.#ports.unended.keep(this.id, () => this.#endLate(order, settlement));',
    replace: '',
    broken: 'it is forgotten',
    tests: RESERVATION,
    title: 'keeps the end and closes',
  },
  {
    part: ONCE,
    guarantee: 'Of several ends that could not be recorded the first one wins',
    file: 'src/guard/unended.ts',
    find: 'if (this.#waiting.has(id) || this.#waiting.size >= UNENDED_MAX) return;',
    replace: 'if (this.#waiting.size >= UNENDED_MAX) return;',
    broken: 'the last one does',
    tests: RESERVATION,
    title: 'keeps the first end',
  },
  {
    part: NOTHING_LOST,
    guarantee: 'The dead are recovered before the first grant',
    file: 'src/open/open-ledger.ts',
    find: 'return assemble(prepared, recoverHoldersNow(prepared));',
    replace: 'return assemble(prepared, { recovered: [], unknown: [] });',
    broken: 'opening recovers nobody',
    tests: SHARED,
    title: 'after kill -9',
  },
  {
    part: NOTHING_LOST,
    guarantee: 'A SQLite ledger keeps a journal unless told otherwise',
    file: 'src/open/sqlite.ts',
    find: 'if (path !== undefined) return { directory: `${path}.holders` };',
    replace: 'if (path !== undefined) return null;',
    broken: 'there is none',
    tests: SHARED,
    title: 'after kill -9',
  },
  {
    part: NOTHING_LOST,
    guarantee: 'Closing a guard ends its holder in the store',
    file: 'src/open/open-ledger.ts',
    find: 'await leased.close();',
    replace: 'await leased.flush();',
    broken: 'the holder stays open, with its slices',
    tests: SHARED,
    title: 'keeps what was spent, and what is left',
  },
  {
    part: LEGIBLE,
    guarantee: 'Faults of a shared ledger are heard as drift',
    file: 'src/guard/shared.ts',
    find: 'if (!isTelling(ledger)) return;',
    replace: 'if (ledger !== undefined) return;',
    broken: 'nobody listens to the ledger',
    tests: WAITING,
    title: 'hears that this holder was closed',
  },
  {
    part: OPERATING,
    guarantee: 'A resolved doubt is booked at its cost instead of its bound',
    file: 'src/open/operations.ts',
    find: 'const resolves = { subtract: amounts, add, resolves: doubtId };',
    replace: 'const resolves = { subtract: [0, 0, 0] as const, add, resolves: doubtId };',
    broken: 'its bound stays booked as well',
    tests: OPERATIONS,
    title: 'are listed, and resolved',
  },
  {
    part: OPERATING,
    guarantee: 'A resolution that is given again is told that it was carried out',
    file: 'src/open/operations.ts',
    find: 'open ?? (await resolvedBy(store, { doubtId, id: order.id }));',
    replace: 'open;',
    broken: 'it is told that nothing was changed',
    tests: OPERATIONS,
    title: 'the same order again',
  },
  {
    part: OPERATING,
    guarantee: 'An order whose answer was lost is not told for one of before',
    file: 'src/open/operations.ts',
    find: 'reply.isRepeated && tries === 1;',
    replace: 'reply.isRepeated;',
    broken: 'whoever gave it hears that nothing changed',
    tests: OPERATIONS,
    title: 'is told the same order again',
  },
  {
    part: OPERATING,
    guarantee: 'A process never charges itself as gone',
    file: 'src/open/operations.ts',
    find: 'if (holder === terms.holder) return',
    replace: 'if (holder === who) return',
    broken: 'it may be ordered to',
    tests: OPERATIONS,
    title: 'never oneself',
  },
];
