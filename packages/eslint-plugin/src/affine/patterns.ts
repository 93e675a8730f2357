import { AST_NODE_TYPES as Type, type TSESTree } from '@typescript-eslint/utils';
import { noteValue } from './facts.ts';
import { ALIAS, READ, type Frame } from './frame.ts';
import { renew, take, touch } from './handles.ts';
import { EACH, LENDING } from './names.ts';
import { reportAlias, reportLoss } from './reports.ts';
import { NONE, OWNED, join, mark, may, type State } from './state.ts';
import {
  callOf,
  calleeName,
  isFunction,
  isLentTo,
  keyOf,
  unwrap,
  type FunctionNode,
} from './syntax.ts';
import type { Affine } from './type-questions.ts';

/** A pattern on the left of a declaration, an assignment or a loop. */
export interface Binding {
  readonly pattern: TSESTree.ArrayPattern | TSESTree.ObjectPattern;
  readonly init: TSESTree.Expression | null;
}

/** The state after a value was taken apart. */
export function bindPattern(frame: Frame, { pattern, init }: Binding, state: State): State {
  if (init === null) return bindTargets(frame, pattern, NONE, state);
  const plain = unwrap(init);
  if (plain.type === Type.ArrayExpression && pattern.type === Type.ArrayPattern) {
    const after = frame.walk.evaluate(frame, plain, ALIAS, state);
    return bindTargets(frame, pattern, OWNED, after);
  }
  const cell = frame.subject.cellAt(plain);
  if (cell?.affine.shape === 'handle') {
    return bindTargets(frame, pattern, NONE, touch(frame, cell, plain, state));
  }
  if (cell !== undefined) {
    const owned = may(state, cell, OWNED) ? OWNED : NONE;
    const after = take(frame, cell, { node: plain, by: 'consumed' }, state);
    return bindTargets(frame, pattern, owned, after);
  }
  const after = frame.walk.evaluate(frame, init, ALIAS, state);
  const isFresh = isMade(init);
  if (isFresh && after.length > 0) loseUnbound(frame, pattern, init);
  return bindTargets(frame, pattern, isFresh ? OWNED : NONE, after);
}

/** The state after the variables of a pattern have got their values. */
export function bindTargets(
  frame: Frame,
  target: TSESTree.Node | null,
  marks: number,
  state: State,
): State {
  if (target === null) return state;
  switch (target.type) {
    case Type.ArrayPattern:
      return target.elements.reduce((at, one) => bindTargets(frame, one, marks, at), state);
    case Type.ObjectPattern:
      return target.properties.reduce((at, one) => {
        const inner = one.type === Type.RestElement ? one : one.value;
        return bindTargets(frame, inner, marks, at);
      }, state);
    case Type.RestElement:
      return bindTargets(frame, target.argument, marks, state);
    case Type.AssignmentPattern: {
      const cell = frame.subject.cellAt(target.left);
      const used = { kind: 'take', by: 'aliased', to: cell } as const;
      const given = bindTargets(frame, target.left, marks, state);
      const otherwise = frame.walk.evaluate(frame, target.right, used, state);
      return join(given, bindTargets(frame, target.left, marks, otherwise));
    }
    case Type.TSParameterProperty:
      return bindTargets(frame, target.parameter, marks, state);
    default:
      return bindName(frame, target, marks, state);
  }
}

function bindName(frame: Frame, target: TSESTree.Node, marks: number, state: State): State {
  const { subject } = frame;
  const cell = subject.cellAt(target);
  if (cell === undefined) {
    if (target.type === Type.Identifier) return noteValue(subject, { target }, state);
    return frame.walk.evaluate(frame, target, READ, state);
  }
  if (!subject.isOwn(cell, frame.body)) frame.assigns.add(cell);
  const isDeclared = subject.cellAt(target)?.origin === target;
  if (isDeclared) frame.declared.push(cell);
  else if (may(state, cell, OWNED) && !cell.isPlace) {
    const { affine, name } = cell;
    reportLoss(subject, { affine, node: target, messageId: 'overwritten', name });
  }
  return renew(frame, cell, mark(state, cell, cell.isPlace ? NONE : marks));
}

/** The state at the beginning of a function: its parameters have been handed to it. */
export function bindParameters(frame: Frame, fn: FunctionNode, state: State): State {
  const marks = isLent(fn) ? NONE : OWNED;
  let after = state;
  for (const parameter of fn.params) {
    if (parameter.type === Type.TSParameterProperty) {
      reportKept(frame, parameter);
      after = bindTargets(frame, parameter, NONE, after);
    } else {
      after = bindTargets(frame, parameter, marks, after);
    }
  }
  return after;
}

/** A parameter with a modifier is a field. */
function reportKept({ subject }: Frame, node: TSESTree.TSParameterProperty): void {
  const { parameter } = node;
  const name = parameter.type === Type.Identifier ? parameter : parameter.left;
  const cell = subject.cellAt(name);
  if (cell?.affine.isBranded === true) {
    reportAlias(subject, { node: name, messageId: 'inField', name: cell.name });
  }
}

/**
 * Callbacks of lists get elements to look at, a lender ends what it hands out, and a function that
 * tells types apart only looks.
 */
function isLent(fn: FunctionNode): boolean {
  if (fn.returnType?.typeAnnotation.type === Type.TSTypePredicate) return true;
  const call = callOf(fn);
  return isLentTo(fn) || (call !== undefined && EACH.has(calleeName(call) ?? ''));
}

/** Whether an expression makes what it gives, so that what is not bound of it is lost. */
function isMade(expression: TSESTree.Node): boolean {
  const node = unwrap(expression);
  if (node.type === Type.AwaitExpression) return isMade(node.argument);
  if (node.type !== Type.CallExpression || isFunction(node)) return false;
  return !LENDING.has(calleeName(node) ?? '');
}

function loseUnbound(frame: Frame, pattern: Binding['pattern'], init: TSESTree.Expression): void {
  for (const [name, affine] of unboundOf(frame, pattern, init)) {
    reportLoss(frame.subject, { affine, node: pattern, messageId: 'unbound', name });
  }
}

function unboundOf(
  { subject }: Frame,
  pattern: Binding['pattern'],
  init: TSESTree.Expression,
): (readonly [string, Affine])[] {
  if (pattern.type === Type.ObjectPattern) {
    if (pattern.properties.some((one) => one.type === Type.RestElement)) return [];
    const bound = pattern.properties.map((one) => (one.type === Type.Property ? keyOf(one) : ''));
    const affine = [...subject.types.affineProperties(init)];
    return affine.filter(([name]) => !bound.includes(name));
  }
  if (pattern.elements.some((one) => one?.type === Type.RestElement)) return [];
  const parts = subject.types.affineAt(init)?.elements ?? [];
  return parts.flatMap((affine, at) => {
    const isBound = (pattern.elements[at] ?? null) !== null;
    return affine === undefined || isBound ? [] : [[`[${at}]`, affine] as const];
  });
}
