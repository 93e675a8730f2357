import { AST_NODE_TYPES as Type, type TSESTree } from '@typescript-eslint/utils';
import { functionNamed } from './expressions.ts';
import type { Frame } from './frame.ts';
import { lendAsked, take, takeAlong, touch } from './handles.ts';
import { AGAIN, EACH, EXPECTING } from './names.ts';
import { reportAlias, reportFanOut } from './reports.ts';
import { NONE, join, mark, type Cell, type State } from './state.ts';
import type { Subject, Summary } from './subject.ts';
import {
  calleeName,
  isFunction,
  propertyName,
  unwrap,
  type Calling,
  type FunctionNode,
} from './syntax.ts';

/** A function that is passed to a call, or called. */
export interface Callback {
  readonly node: TSESTree.Node;
  readonly summary: Summary;
  /** The closure with a name that has taken a handle along, where it is one. */
  readonly closure?: Cell | undefined;
  readonly isCallee: boolean;
  /** The carrier whose method gets the callback: `parts` of `parts.map(…)`. */
  readonly owner?: Cell | undefined;
}

/**
 * How often a callback is called: once at most, for each element, whenever something happens, more
 * than once by what its callee is seen to do.
 */
type Calls = 'once' | 'each' | 'again' | 'repeated' | 'unknown';

/** The function that an argument is, by itself or by name. */
export function closureOf(frame: Frame, argument: TSESTree.Expression): Callback | undefined {
  const { subject, walk } = frame;
  const node = unwrap(argument);
  if (isFunction(node)) {
    return { node, summary: walk.summarise(subject, node), isCallee: false };
  }
  if (node.type === Type.Identifier) {
    const closure = subject.cellAt(node);
    const taken = closure === undefined ? undefined : subject.closures.get(closure);
    if (taken !== undefined) return { node, summary: taken, closure, isCallee: false };
    const summary = functionNamed(frame, node);
    return summary === undefined ? undefined : { node, summary, isCallee: false };
  }
  const summary = boundMethod(subject, node);
  return summary === undefined ? undefined : { node, summary, isCallee: false };
}

/** `budget.spend.bind(budget)` takes the budget along as a closure does. */
export function boundMethod(subject: Subject, node: TSESTree.Node): Summary | undefined {
  if (node.type !== Type.CallExpression || calleeName(node) !== 'bind') return undefined;
  const bind = unwrap(node.callee);
  const method = bind.type === Type.MemberExpression ? unwrap(bind.object) : undefined;
  if (method?.type !== Type.MemberExpression) return undefined;
  const [first] = node.arguments;
  const cell = first === undefined ? undefined : subject.cellAt(first);
  if (cell?.affine.consuming.has(propertyName(method) ?? '') !== true) return undefined;
  const moves = new Map([[cell, [node]]]);
  const none = new Set<Cell>();
  const nothing = { borrows: new Map(), assigns: none, returns: none, asked: none };
  return { moves, takes: moves, ...nothing, isAsync: false };
}

/** The state after a call that was given a callback. */
function applyCallback(frame: Frame, call: Calling, callback: Callback, state: State): State {
  const { node, summary, closure } = callback;
  if (callback.isCallee) return takeAlong(frame, summary, { node, by: 'consumed' }, state);
  if (EXPECTING.has(calleeName(call) ?? '')) return lookOn(frame, summary, state);
  const calls = callsOf(frame, call, callback);
  const before = takeElements(frame, callback, state);
  const isAsked = (calls === 'unknown' || calls === 'repeated') && summary.returns.size > 0;
  const supplied = isAsked ? supply(frame, summary, before) : before;
  const rest = isAsked ? withoutReturns(summary) : summary;
  if (calls === 'each' || calls === 'again' || calls === 'repeated') {
    return repeat(frame, call, { ...callback, summary: rest }, supplied);
  }
  if (closure !== undefined) return take(frame, closure, { node, by: 'passed' }, supplied);
  return takeAlong(frame, rest, { node, by: 'captured', asClosure: true }, supplied);
}

/** The state after a call whose callbacks have run, or will. */
export function callBack(
  frame: Frame,
  at: { readonly call: Calling; readonly callbacks: readonly Callback[] },
  state: State,
): State {
  const { call, callbacks } = at;
  const name = calleeName(call);
  const callee = unwrap(call.callee);
  const object = callee.type === Type.MemberExpression ? unwrap(callee.object) : undefined;
  const earlier = object === undefined ? undefined : frame.settled.get(object);
  const all = (from: State, some: readonly Callback[]) =>
    some.reduce((after, one) => applyCallback(frame, call, one, after), from);
  // After `.then(a).catch(b)` either `a` has run to its end, or `b` has instead.
  if (name === 'catch' && earlier !== undefined) return join(state, all(earlier, callbacks));
  if (name !== 'then') return all(state, callbacks);
  if (call.arguments.length === 1) {
    frame.settled.set(call, earlier === undefined ? state : join(earlier, state));
  }
  if (callbacks.length < 2) return all(state, callbacks);
  return callbacks.map((one) => all(state, [one])).reduce((first, second) => join(first, second));
}

function repeat(frame: Frame, call: Calling, callback: Callback, state: State): State {
  const { node, summary, closure } = callback;
  const { subject } = frame;
  const by = calleeName(call) ?? 'the callee';
  let after = state;
  if (closure !== undefined) {
    reportFanOut(subject, { node, cell: closure, by });
    subject.everMoved.add(closure);
    return mark(after, closure, NONE);
  }
  for (const [cell, at] of summary.borrows) {
    if (!summary.takes.has(cell)) after = touch(frame, cell, at, after);
  }
  const repeated = summary.isAsync ? summary.takes : summary.moves;
  for (const [cell, nodes] of repeated) {
    if (summary.asked.has(cell) || !cell.affine.isBranded) {
      const leave = summary.asked.has(cell) ? lendAsked : take;
      after = leave(frame, cell, { node, by: 'captured' }, after);
      continue;
    }
    after = touch(frame, cell, nodes[0] ?? node, after);
    for (const one of nodes) reportFanOut(subject, { node: one, cell, by });
    subject.everMoved.add(cell);
    after = mark(after, cell, NONE);
  }
  return after;
}

/** A callback that is expected to throw looks at what it would use up. */
function lookOn(frame: Frame, { borrows, takes }: Summary, state: State): State {
  let after = state;
  for (const [cell, node] of borrows) after = touch(frame, cell, node, after);
  for (const [cell, nodes] of takes) after = touch(frame, cell, nodes[0] ?? cell.origin, after);
  return after;
}

/** A supplier gives the same handle out at each call. */
function supply(frame: Frame, summary: Summary, state: State): State {
  let after = state;
  for (const cell of summary.returns) {
    const nodes = summary.moves.get(cell) ?? [];
    if (!cell.affine.isBranded) continue;
    after = touch(frame, cell, nodes[0] ?? cell.origin, after);
    for (const node of nodes) {
      reportAlias(frame.subject, { node, messageId: 'inReturnedClosure', name: cell.name });
    }
    frame.subject.everMoved.add(cell);
    after = mark(after, cell, NONE);
  }
  return after;
}

function withoutReturns(summary: Summary): Summary {
  const moves = [...summary.moves].filter(([cell]) => !summary.returns.has(cell));
  return { ...summary, moves: new Map(moves) };
}

/** A callback that uses its parameter up uses up the list whose elements it gets. */
function takeElements(frame: Frame, { node, owner }: Callback, state: State): State {
  if (owner === undefined || owner.affine.shape !== 'carrier') return state;
  const { subject } = frame;
  const isUsedUp = isFunction(node)
    ? node.params.some((one) => movesParameter(subject, one))
    : subject.types.takesFirst(node);
  return isUsedUp ? take(frame, owner, { node, by: 'consumed' }, state) : state;
}

function movesParameter(subject: Subject, parameter: TSESTree.Parameter): boolean {
  const variables = subject.code.getDeclaredVariables?.(parameter.parent) ?? [];
  return variables.some((variable) => {
    const name = variable.defs[0]?.name;
    const isInside =
      name !== undefined &&
      name.range[0] >= parameter.range[0] &&
      name.range[1] <= parameter.range[1];
    const cell = isInside ? subject.cellOf(variable) : undefined;
    return cell !== undefined && subject.everMoved.has(cell);
  });
}

function callsOf({ subject, walk }: Frame, call: Calling, callback: Callback): Calls {
  const node = callback.node as TSESTree.Expression;
  if (call.type === Type.NewExpression && calleeName(call) === 'Promise') return 'once';
  if (subject.types.isOnce(node)) return 'once';
  const name = calleeName(call) ?? '';
  if (EACH.has(name)) return 'each';
  if (AGAIN.has(name)) return isOnceListener(call) ? 'once' : 'again';
  if (ONCE.has(name)) return 'once';
  const isQuiet = callback.summary.moves.size === 0 && callback.closure === undefined;
  const callee = isQuiet ? undefined : functionCalled(subject, call);
  const index = call.arguments.findIndex((one) => unwrap(one) === node);
  const parameter = callee?.params[index];
  if (callee === undefined || parameter === undefined) return 'unknown';
  return walk.repeats(subject, callee, parameter) ? 'repeated' : 'once';
}

const ONCE: ReadonlySet<string> = new Set([
  'catch',
  'finally',
  'nextTick',
  'once',
  'queueMicrotask',
  'requestAnimationFrame',
  'setImmediate',
  'setTimeout',
  'then',
]);

/** `addEventListener('x', f, { once: true })`. */
function isOnceListener(call: Calling): boolean {
  const options = call.arguments[2];
  if (options?.type !== Type.ObjectExpression) return false;
  return options.properties.some(
    (one) =>
      one.type === Type.Property &&
      one.key.type === Type.Identifier &&
      one.key.name === 'once' &&
      one.value.type === Type.Literal &&
      one.value.value === true,
  );
}

/** The function of this file that a call calls, where its name is always that function's. */
function functionCalled(subject: Subject, { callee }: Calling): FunctionNode | undefined {
  const node = unwrap(callee);
  if (node.type !== Type.Identifier) return undefined;
  const variable = subject.variableOf(node);
  if (variable === undefined) return undefined;
  const declared = subject.declaredFunction(variable);
  if (declared !== undefined) return declared;
  const declarator = variable.defs[0]?.node;
  const init = declarator?.type === Type.VariableDeclarator ? declarator.init : undefined;
  return init !== null && init !== undefined && isFunction(init) ? init : undefined;
}
