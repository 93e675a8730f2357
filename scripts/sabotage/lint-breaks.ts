import type { Break } from './break.ts';

const PART = 'The lint rules';
const SOURCE = 'packages/eslint-plugin/src/affine';
const TESTS = 'packages/eslint-plugin/test';
const MOVES = [`${TESTS}/no-use-after-move.test.ts`];
const ALIASES = [`${TESTS}/no-alias.test.ts`];

/** Breaks of the rules on budgets: what they would miss, and what they would report for nothing. */
export const LINT_BREAKS: readonly Break[] = [
  {
    part: PART,
    guarantee: 'A use after a move is reported',
    file: `${SOURCE}/handles.ts`,
    find: '    if (cell.affine.isBranded || isTwice) {',
    replace: '    if (isTwice && !cell.affine.isBranded) {',
    broken: 'a handle may be used up again',
    tests: [...MOVES, `${TESTS}/no-fan-out.test.ts`],
  },
  {
    part: PART,
    guarantee: 'A handle that is lost on some path is reported',
    file: `${SOURCE}/handles.ts`,
    find: '    if (may(state, cell, OWNED)) {\n      reportLoss(',
    replace:
      '    if (!subject.everMoved.has(cell) && may(state, cell, OWNED)) {\n      reportLoss(',
    broken: 'only a handle that is never used up counts as lost',
    tests: [`${TESTS}/no-leaked-budget.test.ts`, `${TESTS}/no-floating-reservation.test.ts`],
  },
  {
    part: PART,
    guarantee: 'What is declared with `using` does not go out of its function',
    file: `${SOURCE}/expressions.ts`,
    find: '  if (cell.isDisposed && subject.isOwn(cell, frame.body) && isReturned(node)) {',
    replace: '  if (cell.isPlace && cell.isDisposed && isReturned(node)) {',
    broken: 'a budget that is closed at the end of its block is returned',
    tests: MOVES,
  },
  {
    part: PART,
    guarantee: 'A tag that takes a handle over uses it up',
    file: `${SOURCE}/expressions.ts`,
    find: 'evaluate(frame, one, isTaken ? PASS : READ, at);',
    replace: 'evaluate(frame, one, isTaken ? READ : READ, at);',
    broken: 'what stands in a template is only looked at',
    tests: MOVES,
  },
  {
    part: PART,
    guarantee: 'An exported function uses up nothing that stays in its file',
    file: `${SOURCE}/functions.ts`,
    find: "    if (isExported(subject, scope.block)) reportAgain(subject, summary, 'inExport');\n",
    replace: '    void summary;\n',
    broken: 'whoever imports it may call it twice',
    tests: ALIASES,
  },
  {
    part: PART,
    guarantee: 'An arrow function in a field uses up no other field',
    file: `${SOURCE}/functions.ts`,
    find: '  if (isFunction(value)) reportFieldsOf(subject, member, summarise(subject, value));\n',
    replace: '',
    broken: 'only methods are looked at',
    tests: ALIASES,
  },
  {
    part: PART,
    guarantee: 'A clean-up function is no use of the handle before it is called',
    file: `${SOURCE}/bindings.ts`,
    find: '  if (first === undefined || isInlined(variable, captured, init)) {',
    replace: '  if (first === undefined) {',
    broken: 'right code is reported, from the line on where the function is made',
    tests: MOVES,
  },
  {
    part: PART,
    guarantee: 'A handle that is asked whether it is live may be used up again and again',
    file: `${SOURCE}/functions.ts`,
    find: '    if (!cell.affine.isBranded || asked.has(cell) || assigns.has(cell)) continue;',
    replace: '    if (!cell.affine.isBranded || assigns.has(cell)) continue;',
    broken: 'right code is reported',
    tests: ALIASES,
  },
  {
    part: PART,
    guarantee: 'A script without a function is linted like any other file',
    file: `${SOURCE}/syntax.ts`,
    find: 'while (at !== undefined && at !== null && unwrap(at) !== at) at = at.parent;',
    replace: 'while (at !== undefined && unwrap(at as TSESTree.Node) !== at) at = at?.parent;',
    broken: 'the rules end with an error at its top level',
    tests: [`${TESTS}/no-leaked-budget.test.ts`],
  },
];
