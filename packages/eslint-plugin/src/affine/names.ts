/** What is known by name, since no type says it: how often a callee calls back, what it keeps. */

/** Methods that call their callback at once, for each element: how often, nobody knows. */
export const EACH: ReadonlySet<string> = new Set([
  'every',
  'filter',
  'find',
  'findIndex',
  'findLast',
  'findLastIndex',
  'flatMap',
  'forEach',
  'from',
  'fromAsync',
  'map',
  'reduce',
  'reduceRight',
  'replace',
  'replaceAll',
  'some',
  'sort',
  'toSorted',
]);

/** Callees that keep their callback and call it whenever something happens. */
export const AGAIN: ReadonlySet<string> = new Set([
  'addEventListener',
  'addListener',
  'on',
  'prependListener',
  'setInterval',
  'subscribe',
  'watch',
]);

/** Functions that give their callback a budget and end it themselves. */
export const LENDERS: ReadonlySet<string> = new Set(['withBudget']);

/** Callees that only look at what they are given, though their parameters are `any` or generic. */
export const ONLOOKERS: readonly RegExp[] = [
  /^(globalThis\.)?console\.\w+$/,
  /^JSON\.stringify$/,
  /^(String|Boolean|Number|expect|isLive)$/,
  /^(node:)?assert(\.\w+)*$/,
  /^(util\.)?inspect$/,
  /^Array\.isArray$/,
  /^Object\.(is|keys|values|entries|getPrototypeOf|isFrozen|getOwnPropertyNames)$/,
];

/** Global functions that copy what they are given, or put something in front of it. */
export const COPIERS: ReadonlySet<string> = new Set([
  'Object.assign',
  'Object.create',
  'Object.defineProperty',
  'Object.freeze',
  'Object.setPrototypeOf',
  'Proxy',
  'Reflect.construct',
  'WeakRef',
  'structuredClone',
]);

/** Methods that keep what they are given, by the name of the type that has them. */
export const KEEPERS: Readonly<Record<string, ReadonlySet<string>>> = {
  AsyncLocalStorage: new Set(['run', 'enterWith']),
  Map: new Set(['set']),
  Set: new Set(['add']),
  WeakMap: new Set(['set']),
  WeakSet: new Set(['add']),
};

/** Methods that give out what stays where it is: their result is not the caller's to end. */
export const LENDING: ReadonlySet<string> = new Set([
  'add',
  'adopt',
  'at',
  'concat',
  'copyWithin',
  'deref',
  'entries',
  'fill',
  'filter',
  'find',
  'findLast',
  'get',
  'getStore',
  'keys',
  'reverse',
  'set',
  'slice',
  'sort',
  'toReversed',
  'toSorted',
  'use',
  'values',
]);

/** Methods that give a list of the same elements, which may be ended through that one. */
export const RELISTING: ReadonlySet<string> = new Set([
  'concat',
  'filter',
  'reverse',
  'slice',
  'sort',
  'toReversed',
  'toSorted',
]);

/** Methods that take elements out of a list, so that what is left in it is not known any more. */
export const TAKING: ReadonlySet<string> = new Set(['pop', 'shift', 'splice', 'delete', 'clear']);

/** Those of them that give no element out: they empty a list whose elements were used up, too. */
export const EMPTYING: ReadonlySet<string> = new Set(['delete', 'clear']);

/** What counts the elements of a list, and looks at none. */
export const COUNTING: ReadonlySet<string> = new Set(['length', 'size']);

/** Methods that put their arguments into the list that they are called on. */
export const FILLING: ReadonlySet<string> = new Set(['push', 'unshift']);

/** Getters that a used-up handle answers, saying whether it can still be used. */
export const ALIVE: ReadonlySet<string> = new Set(['isLive', 'isOpen']);

/** Callees that expect their callback to throw: then it has used nothing up. */
export const EXPECTING: ReadonlySet<string> = new Set([
  'doesNotThrow',
  'expect',
  'rejects',
  'throws',
]);

/** Functions of `Promise` that wait for several at once. */
export const TOGETHER: ReadonlySet<string> = new Set(['all', 'allSettled', 'any', 'race']);
