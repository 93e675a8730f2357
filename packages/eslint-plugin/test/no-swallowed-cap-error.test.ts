import { rule } from '../src/rules/no-swallowed-cap-error.ts';
import { typedTester } from './rule-tester.ts';

const START = [
  "import { BudgetCapError, HardcapError, type BudgetMut, type Guard } from 'hardcap';",
  "import OpenAI from 'openai';",
  'declare const guard: Guard; declare const client: OpenAI; declare const budget: BudgetMut;',
  'declare const work: () => Promise<string>; declare const call: never; declare let last: unknown;',
  'declare function report(error: unknown): void; declare function isOurs(e: unknown): boolean;',
  'declare const logger: Console; declare function n(): boolean;',
  '',
].join('\n');

const run = 'await guard.run({}, work);';
const caught = (body: string, spend = run) =>
  `${START}export async function f() { for (const n of [1, 2]) { void n; } try { ${spend} } catch (error) { ${body} } return 1; }`;
const looped = (body: string) =>
  `${START}export async function f() { for (let n = 0; n < 3; n++) { try { ${run} } catch (error) { ${body} } } }`;

const suggested = (line: string) => [{ messageId: 'addThrow' as const, output: line }];
const dropped = (code: string) => ({
  code,
  errors: [{ messageId: 'dropped' as const, suggestions: suggestedFor(code) }],
});
const retried = (code: string) => ({
  code,
  errors: [{ messageId: 'retried' as const, suggestions: suggestedFor(code) }],
});

/** The suggestion puts its line first in the `catch`; where the class is asked for, there is none. */
function suggestedFor(code: string) {
  const at = code.indexOf('catch (error) {') + 'catch (error) {'.length;
  const body = code.slice(at);
  if (/BudgetCapError|HardcapError/.test(body)) return null;
  const column = code.slice(0, code.indexOf('try {')).split('\n').at(-1)?.length ?? 0;
  const line = `\n${' '.repeat(column + 2)}if (BudgetCapError.isInstance(error)) throw error;`;
  return suggested(code.slice(0, at) + line + body);
}

typedTester().run('no-swallowed-cap-error', rule, {
  valid: [
    caught('throw error;'),
    caught('console.error(error); throw error;'),
    caught('if (error instanceof BudgetCapError) throw error;'),
    caught('if (BudgetCapError.isInstance(error)) throw error; return 0;'),
    caught('if (error instanceof HardcapError) return error.message; throw error;'),
    caught('if (error instanceof TypeError) return 0; throw error;'),
    caught('if (isOurs(error)) return 0;'),
    caught('report(error);'),
    caught('last = error;'),
    caught('const message = String(error); return message;'),
    caught('return { error };'),
    caught('throw new Error("no", { cause: error });'),
    caught('process.exit(1);'),
    caught('const { code } = error as BudgetCapError; if (code === "BUDGET_CAP") throw error;'),
    caught('if ((error as HardcapError).status === 402) throw error;'),
    caught('if ((error as HardcapError).message.includes("cap")) throw error;'),
    caught('switch ((error as HardcapError).code) { case "BUDGET_CAP": throw error; default: }'),
    caught('try { report(error); } finally { console.log(1); }'),
    looped('if (error instanceof BudgetCapError || n === 2) throw error;'),
    looped('if ((error as { status: number }).status !== 429) throw error;'),
    looped('if (!(error instanceof OpenAI.RateLimitError)) throw error;'),
    // No call in these can be refused, or its refusal does not arrive here.
    caught('', 'await work();'),
    caught('', 'JSON.parse("1");'),
    caught('', 'void client.responses.create({ model: "m", input: "i" });'),
    caught('', 'setTimeout(() => guard.run({}, work), 1);'),
    caught('', 'await client.models.list();'),
    caught('', 'return guard.run({}, work);'),
    `${START}export const f = () => guard.run({}, work).catch((error: unknown) => { throw error; });`,
    `${START}export const f = () => guard.run({}, work).catch(report);`,
    `${START}export const f = () => guard.run({}, work).then(() => 1);`,
    `${START}export const f = () => work().catch(() => undefined);`,
    `${START}declare function withRetry<T>(f: () => T, o?: object): T;\nwithRetry(() => guard.run({}, work), { shouldRetry: isOurs });`,
    `${START}function withRetry<T>(f: () => T): T { try { return f(); } catch (e) { if (e instanceof BudgetCapError) throw e; return f(); } }\nwithRetry(() => guard.run({}, work));`,
    `${START}export const f = async () => { const all = await Promise.allSettled([guard.run({}, work)]); return all; };`,
    `${START}await Promise.allSettled([work()]);`,
    `${START}export async function f() { try { ${run} } finally { last = undefined; } }`,
    `${START}export async function f() { try { ${run} } finally { report(() => { return 1; }); } }`,
  ],
  invalid: [
    dropped(caught('')),
    dropped(caught('return undefined;')),
    dropped(caught('console.error("failed", error);')),
    dropped(caught('logger.warn({ error });')),
    dropped(caught('void error;')),
    dropped(
      caught('const message = error instanceof Error ? error.message : ""; console.log(message);'),
    ),
    dropped(caught('throw new Error("the model is down");')),
    dropped(caught('if (error instanceof TypeError) throw error;')),
    dropped(caught('if (Math.random() > 0.5) throw error;')),
    dropped(caught('if ((error as { status: number }).status >= 500) throw error;')),
    dropped(
      caught('if ((error as { code: string }).code === "ECONNRESET") throw error; return 0;'),
    ),
    dropped(caught('if (typeof error === "string") throw error;')),
    dropped(caught('if (error instanceof BudgetCapError) return 0; throw error;')),
    dropped(caught('if (!BudgetCapError.isInstance(error)) throw error;')),
    dropped(caught('', 'budget.charge({ usd: 1 });')),
    dropped(caught('', 'report(budget); await (async (b: BudgetMut) => b.name)(budget);')),
    dropped(caught('', 'await client.responses.create({ model: "m", input: "i" });')),
    dropped(caught('', 'await Promise.all([1].map(() => guard.run({}, work)));')),
    dropped(caught('', 'if (n()) return guard.run({}, work); await guard.run({}, work);')),
    dropped(caught('', 'await g(); async function g() { return guard.run({}, work); }')),
    retried(looped('')),
    retried(looped('if (n === 2) throw error;')),
    retried(looped('await new Promise((resolve) => setTimeout(resolve, 1));')),
    {
      code: `${START}export const f = () => guard.run({}, work).catch(() => undefined);`,
      errors: [{ messageId: 'dropped' }],
    },
    {
      code: `${START}export const f = () => guard.run({}, work).catch(console.error);`,
      errors: [{ messageId: 'dropped' }],
    },
    {
      code: `${START}export const f = () => guard.run({}, work).then(String, () => '');`,
      errors: [{ messageId: 'dropped' }],
    },
    {
      code: `${START}const none = () => undefined;\nexport const f = () => guard.run({}, work).catch(none);`,
      errors: [{ messageId: 'dropped' }],
    },
    {
      code: `${START}export async function f() { try { ${run} } finally { return 1; } }`,
      errors: [{ messageId: 'droppedByFinally' }],
    },
    {
      code: `${START}import pRetry from 'p-retry';\nawait pRetry(() => guard.run({}, work), { retries: 5 });`,
      errors: [{ messageId: 'retried' }],
    },
    {
      code: `${START}await Promise.allSettled([guard.run({}, work)]);`,
      errors: [{ messageId: 'droppedResults' }],
    },
    {
      code: `import type OpenAI from 'openai';
export async function f(client: OpenAI) {
  try {
    await client.responses.create({ model: 'm', input: 'i' });
  } catch {
    return;
  }
}`,
      errors: [
        {
          messageId: 'dropped',
          line: 5,
          suggestions: suggested(`import { BudgetCapError } from 'hardcap';
import type OpenAI from 'openai';
export async function f(client: OpenAI) {
  try {
    await client.responses.create({ model: 'm', input: 'i' });
  } catch (error) {
    if (BudgetCapError.isInstance(error)) throw error;
    return;
  }
}`),
        },
      ],
    },
  ],
});
