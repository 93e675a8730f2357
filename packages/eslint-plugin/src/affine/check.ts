import type { TSESLint } from '@typescript-eslint/utils';
import { analyse } from './analysis.ts';
import type { AffineRule } from './findings.ts';

/** What a rule over the analysis does with a file: it reports its own part of the findings. */
export function checkOf<Messages extends string>(
  context: Readonly<TSESLint.RuleContext<Messages, readonly unknown[]>>,
  rule: AffineRule,
): TSESLint.RuleListener {
  return {
    'Program:exit'() {
      for (const { node, messageId, data, suggestion, rule: of } of analyse(context)) {
        if (of !== rule) continue;
        const suggest = suggestion === undefined ? [] : [suggestion];
        context.report({
          node,
          messageId: messageId as Messages,
          data,
          suggest: suggest.map((one) => ({ ...one, messageId: one.messageId as Messages })),
        });
      }
    },
  };
}
