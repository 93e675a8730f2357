import { checkOf } from '../affine/check.ts';
import { createRule } from '../rule.ts';

/** Refuse one handle in what runs repeatedly or in parallel. */
export const rule = createRule({
  name: 'no-fan-out',
  meta: {
    type: 'problem',
    docs: {
      description: 'Refuse one handle in what runs repeatedly or in parallel',
      recommended: 'error',
      requiresTypeChecking: true,
    },
    messages: {
      repeated:
        '`{{by}}` calls this more than once, and `{{name}}` is good for one. Give each call ' +
        '{{share}}. A parameter that is called once at most says so: `Once<…>`.',
      inParallel:
        '`{{name}}` goes to two at once here. Give each {{share}}, or split it before: ' +
        '`const [one, other] = {{name}}.split(…)`.',
      eachTurn:
        'Each turn starts something with the same `{{name}}`. Give each {{share}}, or `delegate` ' +
        'and keep the rest.',
    },
    schema: [],
  },
  defaultOptions: [],
  create: (context) => checkOf(context, 'no-fan-out'),
});
