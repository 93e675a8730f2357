import { ESLintUtils } from '@typescript-eslint/utils';

/** What a rule says about itself, beside its messages. */
export interface RuleDocs {
  /** One sentence without a full stop, as at the head of the rule's page. */
  readonly description: string;
  /** How the `recommended` configuration reports it; the `strict` one reports all as errors. */
  readonly recommended: 'error' | 'warn';
  readonly requiresTypeChecking: boolean;
}

/** Makes a rule whose address is its page in this package, where it is installed. */
export const createRule = ESLintUtils.RuleCreator<RuleDocs>(
  (name) => new URL(`../docs/rules/${name}.md`, import.meta.url).href,
);
