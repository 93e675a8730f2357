import { checkOf } from '../affine/check.ts';
import { createRule } from '../rule.ts';

/** Refuse to use a handle after it was used up or handed on. */
export const rule = createRule({
  name: 'no-use-after-move',
  meta: {
    type: 'problem',
    docs: {
      description: 'Refuse to use a handle after it was used up or handed on',
      recommended: 'error',
      requiresTypeChecking: true,
    },
    messages: {
      usedUp:
        '`{{name}}` was used up by {{how}} on line {{line}}, so this throws. Go on with what ' +
        'that call returned: write `{{name}} = {{name}}.{{method}}(…)`, or give the result a name.',
      ended:
        '`{{name}}` was ended by {{how}} on line {{line}}, so this throws. Do this before it, ' +
        'or end `{{name}}` in one place only.',
      handedOn:
        '`{{name}}` was handed to {{how}} on line {{line}} and is not ours any more. Hand on ' +
        '{{share}}, or let the parameter borrow (`BudgetView`, `BudgetMut`).',
      inClosure:
        '`{{name}}` went with the closure on line {{line}}. Use it before, or give the closure ' +
        '{{share}}.',
      disposed:
        '`{{name}}` is declared with `using`, so it is ended here, and whoever gets it gets one ' +
        'that was used up. Declare it with `const`.',
      movedInLoop:
        '`{{name}}` is used up in one turn and used again in the next. Assign what comes back ' +
        '(`{{name}} = …`), or take in each turn {{share}}.',
    },
    schema: [],
  },
  defaultOptions: [],
  create: (context) => checkOf(context, 'no-use-after-move'),
});
