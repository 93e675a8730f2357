import { checkOf } from '../affine/check.ts';
import { createRule } from '../rule.ts';

/** Require that a budget is used up, handed on or closed on every path. */
export const rule = createRule({
  name: 'no-leaked-budget',
  meta: {
    type: 'problem',
    docs: {
      description: 'Require that a budget is used up, handed on or closed on every path',
      recommended: 'warn',
      requiresTypeChecking: true,
    },
    hasSuggestions: true,
    messages: {
      dropped:
        'Nobody keeps what `{{name}}` returns, and what is in it is lost. Keep it and end it: ' +
        '{{ends}}.',
      unbound:
        '`{{name}}` of the result is not bound, and what is in it is lost. Give it a name and ' +
        'end it: {{ends}}.',
      neverUsedUp:
        '`{{name}}` is never ended or handed on. End it ({{ends}}), declare it with `using`, ' +
        'or ask for a view where it is only looked at.',
      lostOnSomePath:
        '`{{name}}` is not ended on some path. End it on each ({{ends}} in `finally`), or ' +
        'declare it with `using`.',
      overwritten:
        '`{{name}}` is overwritten while it still holds something. End it before: {{ends}}.',
      assignBack: 'Assign what comes back: `{{name}} = {{name}}.{{method}}(…)`',
    },
    schema: [],
  },
  defaultOptions: [],
  create: (context) => checkOf(context, 'no-leaked-budget'),
});
