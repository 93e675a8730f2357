import { checkOf } from '../affine/check.ts';
import { createRule } from '../rule.ts';

/** Refuse a second name, place or copy for a handle. */
export const rule = createRule({
  name: 'no-alias',
  meta: {
    type: 'problem',
    docs: {
      description: 'Refuse a second name, place or copy for a handle',
      recommended: 'error',
      requiresTypeChecking: true,
    },
    messages: {
      secondPlace:
        '`{{name}}` has a second place here and is used by its own name later. Drop one of ' +
        'them; to look at it write `const view: BudgetView = {{name}}`.',
      secondClosure:
        '`{{name}}` went with another closure on line {{line}}; two closures cannot both have ' +
        'it. Give each {{share}}, or let both use one `Slot`.',
      awaitedTwice:
        '`{{name}}` was awaited on line {{line}}; a second `await` gives the same handle out ' +
        'again. Await once and keep the result.',
      inObject:
        'An object keeps `{{name}}` here, and whoever has the object can use it up. Keep a ' +
        '`Slot` in it, or write the literal where it is handed on.',
      inField:
        'A field or element keeps `{{name}}`, and every method can use it up. Keep it in a ' +
        '`Slot`: `slot.put({{name}})`, `slot.update(…)`, `slot.take()`.',
      outOfField:
        '`{{name}}` is used up here and stays in its field. Keep a `Slot` in the field, or ' +
        'assign what comes back (`{{name}} = …`).',
      inCollection:
        'A collection keeps `{{name}}` and gives it out as often as it is asked. Keep a ' +
        '`Slot` in it.',
      byIndex:
        'An element of `{{name}}` is used up by its index and stays in the list. Take it out ' +
        '(`pop()`, `shift()`) or go through the list with `for … of`.',
      copied:
        'This makes an object that looks like `{{name}}` and has no money behind it. Take a ' +
        'share: `{{name}}.carve(…)`.',
      spread:
        'A spread of `{{name}}` copies no right to spend. Copy the figures ' +
        '(`{{name}}.remaining`), or take a share: `{{name}}.carve(…)`.',
      castAway:
        'A cast hides `{{name}}` from every check. Type the receiver as `Budget` (it takes it ' +
        'over) or `BudgetView` (it looks).',
      castTo:
        'A cast makes a handle out of `{{name}}`, which is none or was only lent. Ask for a ' +
        '`Budget` where it is to be used up.',
      narrowed:
        '`instanceof` makes a handle out of `{{name}}`, which was only lent. Ask for a ' +
        '`Budget` where it is to be used up.',
      toUnknown:
        'Nobody knows what becomes of `{{name}}` here: the type is `any` or `unknown`. Say ' +
        '`Budget` (takes it over) or `BudgetView` (looks).',
      inGetter:
        'A getter gives `{{name}}` out at each call. Give out a `BudgetView`, or keep a ' +
        '`Slot` and `take()` from it.',
      inMethod: 'A method can be called twice and uses `{{name}}` up. Keep it in a `Slot`.',
      inExport:
        'Whoever imports this function can call it twice, and it uses `{{name}}` up or gives it ' +
        'out. Keep it in a `Slot`, or ask first whether it `isLive`.',
      inReturnedClosure:
        'This function gives `{{name}}` out or uses it up at each call. Say `Once<…>` in its ' +
        'type, or keep a `Slot` and `take()` from it.',
    },
    schema: [],
  },
  defaultOptions: [],
  create: (context) => checkOf(context, 'no-alias'),
});
