import type { Break } from './break.ts';

const ADMISSION = '1. Admission';
const TRUTH = '2. Truth';
const ONCE = '4. Exactly once';
const NOTHING_LOST = '5. Nothing lost';
const NO_NEEDLESS_NO = '6. No needless no';
const WINDOWS = 'Scopes and windows';

const LEASES = ['test/conformance/memory-leases.test.ts'];
const GRANTER = 'src/ledger/leases/granter.ts';
const MEMORY = 'src/stores/memory/lease-store.ts';

/** Breaks of what a store grants to the processes that share it. */
export const SHARED_BREAKS: readonly Break[] = [
  {
    part: ADMISSION,
    guarantee: 'What all slices hold counts against the cap',
    file: GRANTER,
    find: 'const taken = plus(plus(row.spent, row.held), plus(elsewhere.spent, elsewhere.held));',
    replace: 'const taken = plus(row.spent, plus(elsewhere.spent, elsewhere.held));',
    broken: 'slices of others are granted a second time',
    tests: LEASES,
    title: 'S1\\.',
  },
  {
    part: ADMISSION,
    guarantee: 'A closed scope grants nothing, whatever its cap',
    file: MEMORY,
    find: 'if (this.#closedScopes.has(scope)) {',
    replace: 'if (this.#closedScopes.has(capId)) {',
    broken: 'closing a scope closes nothing',
    tests: LEASES,
    title: 'S1\\.',
  },
  {
    part: NO_NEEDLESS_NO,
    guarantee: 'The last unit of a cap can be granted',
    file: GRANTER,
    find: 'if (!isAsked || isWithin(item.need, room)) {',
    replace: 'if (!isAsked || isWithin(plus(item.need, [1, 0, 0]), room)) {',
    broken: 'a grant leaves one unit over',
    tests: LEASES,
    title: 'S1\\.',
  },
  {
    part: NO_NEEDLESS_NO,
    guarantee: 'One holder does not get the whole cap for stock',
    file: GRANTER,
    find: 'const asked = isNear ? item.demand : most(item.demand, least(item.want, share));',
    replace: 'const asked = isNear ? item.demand : most(item.demand, item.want);',
    broken: 'a wish is granted whole',
    tests: LEASES,
    title: 'S8\\.',
  },
  {
    part: NO_NEEDLESS_NO,
    guarantee: 'Who holds more than it needs is told that somebody waits',
    file: GRANTER,
    find: 'const recall = isRecalling ? row.recall + 1 : row.recall;',
    replace: 'const recall = row.recall;',
    broken: 'nobody is told',
    tests: LEASES,
    title: 'S8\\.',
  },
  {
    part: ONCE,
    guarantee: 'A message is applied once, however often it arrives',
    file: GRANTER,
    find: 'if (opened.slice.seq >= seq) {',
    replace: 'if (opened.slice.seq > seq) {',
    broken: 'a message that is said again is granted again',
    tests: LEASES,
    title: 'S3\\.',
  },
  {
    part: NOTHING_LOST,
    guarantee: 'A store that knows less than a holder was told grants nothing',
    file: GRANTER,
    find: 'if (!question.isDeclared && !isWithin(item.known, known)) {',
    replace: 'if (question.isDeclared && !isWithin(item.known, known)) {',
    broken: 'a loss is taken for zero',
    tests: LEASES,
    title: 'S9\\.',
  },
  {
    part: TRUTH,
    guarantee: 'What was spent above a slice is booked and holds nothing else',
    file: GRANTER,
    find: 'granted: most(most(slice.granted, item.known), used),',
    replace: 'granted: most(slice.granted, item.known),',
    broken: 'the slice is not widened by what was billed above it',
    tests: LEASES,
    title: 'S4\\.|S5\\.',
  },
  {
    part: TRUTH,
    guarantee: 'A holder of which nothing is known is charged its whole slice',
    file: MEMORY,
    find: "const spent = order.how === 'charged' ? whole : (finals.get(key) ?? slice.spent);",
    replace: 'const spent = finals.get(key) ?? slice.spent;',
    broken: 'what nobody can account for goes back',
    tests: LEASES,
    title: 'S6\\.',
  },
  {
    part: ONCE,
    guarantee: 'A closed holder changes nothing any more',
    file: MEMORY,
    find: "if (!holder.isOpen) return { kind: 'fenced' };",
    replace: "if (!holder.isOpen && message.items.length === 0) return { kind: 'fenced' };",
    broken: 'late returns of a closed holder are taken',
    tests: LEASES,
    title: 'S6\\.',
  },
  {
    part: WINDOWS,
    guarantee: 'Parts of a rolling window that only a faster clock has seen count',
    file: MEMORY,
    find: 'if (stored.leavesAt < first || stored.leavesAt > last + (last - first)) continue;',
    replace: 'if (stored.leavesAt < first || stored.leavesAt > last) continue;',
    broken: 'a clock that is behind fills the window twice',
    tests: LEASES,
    title: 'S1\\.',
  },
  {
    part: ONCE,
    guarantee: 'An order of an operator is carried out once by its id',
    file: MEMORY,
    find: 'this.#operations.set(operation.id, said);',
    replace: "if (operation.kind !== 'adjust') this.#operations.set(operation.id, said);",
    broken: 'a correction that is said again is made again',
    tests: LEASES,
    title: 'S10\\.',
  },
];
