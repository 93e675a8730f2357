import { rule } from '../src/rules/no-leaked-budget.ts';
import { typedTester } from './rule-tester.ts';

const START =
  "import { Budget, type BudgetMint } from 'hardcap';\ndeclare const mint: BudgetMint;\n" +
  'declare function step(budget: Budget): Promise<Budget>;\n';
const FRESH = 'Budget.create(mint, { usd: 5 })';

/** A statement that drops what is left of `budget`, in a function that ends it afterwards. */
const dropping = (kind: 'const' | 'let', statement: string) =>
  `${START}export async function f() { ${kind} budget = ${FRESH}; ${statement} }`;

const assignBack = (statement: string) => ({
  code: dropping('let', statement),
  errors: [
    {
      messageId: 'dropped' as const,
      suggestions: [
        {
          messageId: 'assignBack' as const,
          output: dropping('let', `budget = ${statement}`),
        },
      ],
    },
  ],
});

typedTester().run('no-leaked-budget', rule, {
  valid: [
    dropping('let', 'budget = budget.spend({ usd: 1 }); budget.close();'),
    dropping('const', 'budget.close();'),
  ],
  invalid: [
    assignBack('budget.spend({ usd: 1 });'),
    // A `const` cannot be assigned, so nothing is proposed.
    {
      code: dropping('const', 'budget.spend({ usd: 1 });'),
      errors: [{ messageId: 'dropped', suggestions: null }],
    },
    // What `carve` returns is not what is left of the budget.
    {
      code: dropping('let', 'budget.carve({ usd: 1 }); budget.close();'),
      errors: [{ messageId: 'dropped', suggestions: null }],
    },
    // A pair is no budget.
    {
      code: dropping('let', 'budget.split({ usd: 1 });'),
      errors: [{ messageId: 'dropped', suggestions: null }],
    },
  ],
});
