import type { Break } from './break.ts';

const SURFACE = ['test/e2e/surface.test.ts'];
const CLIENTS = ['test/e2e/clients.test.ts'];

const REFUSAL = '7. A refusal is final and legible';
const JUDGE = 'The judge';

/** Breaks of how a refusal is told, and of the emulator that judges all the others. */
export const REFUSAL_BREAKS: readonly Break[] = [
  {
    part: REFUSAL,
    guarantee: 'OpenAI clients spend one attempt on a refusal',
    file: 'src/providers/openai/refusal.ts',
    find: "'x-should-retry': 'false'",
    replace: "'x-should-retry': 'true'",
    broken: '`x-should-retry` says true',
    tests: CLIENTS,
    title: 'openai (6.49|7) with its default retries',
  },
  {
    part: REFUSAL,
    guarantee: 'Anthropic clients spend one attempt on a refusal',
    file: 'src/providers/anthropic/refusal.ts',
    find: "'x-should-retry': 'false'",
    replace: "'x-should-retry': 'true'",
    broken: '`x-should-retry` says true',
    tests: CLIENTS,
    title: 'anthropic-ai/sdk .* with its default retries',
  },
  {
    part: REFUSAL,
    guarantee: 'A refusal has a status that no client sends again',
    file: 'src/providers/openai/refusal.ts',
    find: 'status: isMisuse ? 400 : 402,',
    replace: 'status: isMisuse ? 400 : 429,',
    broken: '402 became 429',
    tests: ['src/providers/refusal.test.ts'],
  },
  {
    part: REFUSAL,
    guarantee: 'No error of ours has a status that a client sends again',
    file: 'src/errors/kinds.ts',
    find: 'operation: 402,',
    replace: 'operation: 503,',
    broken: 'a failed store answers 503',
    tests: ['src/errors/codes.test.ts'],
    title: 'none that a client re-sends',
  },
  {
    part: REFUSAL,
    guarantee:
      'A refusal reaches the caller as `BudgetCapError`, through the helpers of the SDK too',
    file: 'src/adapters/client.ts',
    find: 'return refusal === undefined ? error : adopt(error, refusal);',
    replace: 'void refusal;\n    return error;',
    broken: "the SDK's own error is passed on as it is",
    tests: SURFACE,
    title: 'an error made for a client|messages.stream\\(\\): a refusal',
  },
  {
    part: REFUSAL,
    guarantee: '`instanceof` knows errors of another copy of the package',
    file: 'src/errors/error.ts',
    find: 'static override [Symbol.hasInstance](value: unknown): boolean {\n    return isMarked(value, this.marker);',
    replace:
      'static override [Symbol.hasInstance](value: unknown): boolean {\n' +
      '    return Function.prototype[Symbol.hasInstance].call(this, value);',
    broken: 'it asks for the prototype',
    tests: ['src/errors/error.test.ts'],
  },
  {
    part: REFUSAL,
    guarantee: '`retry_after` is never too early',
    file: 'src/errors/budget-cap-error.ts',
    find: 'retry_after: resetsAt === null ? null : secondsCeil(between(at, resetsAt)),',
    replace: 'retry_after: resetsAt === null ? null : Math.floor(between(at, resetsAt) / 1000),',
    broken: 'seconds are rounded down',
    tests: ['src/errors/budget-cap-error.test.ts'],
  },
  {
    part: REFUSAL,
    guarantee: '`resets_at` is the first instant at which the call fits',
    file: 'src/policy/shortfall.ts',
    find: 'if (fits) return part.leavesAt;',
    replace: 'if (fits) return last.leavesAt;',
    broken: 'it is the end of the whole window',
    tests: ['src/policy/shortfall.test.ts'],
  },
  {
    part: REFUSAL,
    guarantee: 'An overdrawn scope says `SCOPE_CLOSED`',
    file: 'src/policy/shortfall.ts',
    find: "code: binding.isOverdrawn ? 'SCOPE_CLOSED' : 'BUDGET_CAP',",
    replace: "code: 'BUDGET_CAP',",
    broken: 'every cap refusal has one code',
    tests: ['src/policy/shortfall.test.ts'],
  },
  {
    part: JUDGE,
    guarantee: 'An answer is billed when it is generated, also when the client has left',
    file: 'src/emulator/books.ts',
    find: "const isCut = rule === 'generated' && generated !== undefined",
    replace: 'const isCut = generated !== undefined',
    broken: 'a broken-off stream is billed in part, whatever the rule',
    tests: ['src/emulator/bill.test.ts', 'test/e2e/emulator.test.ts'],
    title: 'B2\\.|pay in full by default',
  },
  {
    part: JUDGE,
    guarantee: 'An attempt is on the bill before it is delivered',
    file: 'src/emulator/books.ts',
    find: "own.push(entryOf(charge, 'pending'));",
    replace: "own.push({ ...entryOf(charge, 'pending'), nanoUsd: 0n });",
    broken: 'a pending entry costs 0',
    tests: ['src/emulator/bill.test.ts'],
    title: 'B1\\.',
  },
];
