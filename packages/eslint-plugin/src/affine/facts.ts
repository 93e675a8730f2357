import { AST_NODE_TYPES as Type, type TSESTree } from '@typescript-eslint/utils';
import { assume, unsettle, type State } from './state.ts';
import type { Subject, Variable } from './subject.ts';
import { propertyName, unwrap } from './syntax.ts';

/** A value that can be followed: of a variable that only its own function assigns, or under one. */
export interface Followed {
  readonly key: string;
  readonly of: Variable;
}

/** What is followed at an expression: `isPaid`, `options.isPaid`. */
export function followedAt(subject: Subject, node: TSESTree.Node): Followed | undefined {
  let at = unwrap(node);
  const names: string[] = [];
  while (at.type === Type.MemberExpression && !at.computed) {
    names.unshift(propertyName(at) ?? '');
    at = unwrap(at.object);
  }
  const variable = at.type === Type.Identifier ? subject.variableOf(at) : undefined;
  if (variable === undefined || !isFollowed(variable)) return undefined;
  const place = variable.defs[0]?.name.range.join() ?? at.range.join();
  return { key: [place, ...names].join('.'), of: variable };
}

/** The state after a variable that is no handle got a value; without one, a computed one. */
export function noteValue(
  subject: Subject,
  at: { readonly target: TSESTree.Node; readonly value?: TSESTree.Node },
  state: State,
): State {
  const target = unwrap(at.target);
  if (target.type !== Type.Identifier) return state;
  const followed = followedAt(subject, target);
  if (followed === undefined) return state;
  const { key, of } = followed;
  const after = unsettle(state, of);
  const value = at.value === undefined ? undefined : unwrap(at.value);
  if (value?.type !== Type.Literal || typeof value.value !== 'boolean') return after;
  return assume(after, key, { value: value.value, of });
}

function isFollowed({ references, scope }: Variable): boolean {
  return references.every(
    (one) => one.init === true || !one.isWrite() || one.from.variableScope === scope.variableScope,
  );
}
