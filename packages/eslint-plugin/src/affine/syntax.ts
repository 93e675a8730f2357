import { AST_NODE_TYPES as Type, type TSESLint, type TSESTree } from '@typescript-eslint/utils';
import { LENDERS } from './names.ts';

/** A function with a body. */
export type FunctionNode =
  | TSESTree.ArrowFunctionExpression
  | TSESTree.FunctionDeclaration
  | TSESTree.FunctionExpression;

/** What the analysis walks through from its beginning to its end. */
export type Body = FunctionNode | TSESTree.Program | TSESTree.PropertyDefinition;

/** A call or a `new`. */
export type Calling = TSESTree.CallExpression | TSESTree.NewExpression;

/** The expression inside of what changes types only. */
export function unwrap(node: TSESTree.Node): TSESTree.Node {
  let inner = node;
  while (
    inner.type === Type.TSAsExpression ||
    inner.type === Type.TSNonNullExpression ||
    inner.type === Type.TSSatisfiesExpression ||
    inner.type === Type.TSTypeAssertion ||
    inner.type === Type.TSInstantiationExpression ||
    inner.type === Type.ChainExpression
  ) {
    inner = inner.expression;
  }
  return inner;
}

/** Whether a node is a function with a body. */
export function isFunction(node: TSESTree.Node): node is FunctionNode {
  return (
    node.type === Type.ArrowFunctionExpression ||
    node.type === Type.FunctionDeclaration ||
    node.type === Type.FunctionExpression
  );
}

/** The name of a member, where it is written out: `a.b`, `a['b']`, `a[0]`, `a.#b`. */
export function propertyName(node: TSESTree.MemberExpression): string | undefined {
  const { property } = node;
  if (property.type === Type.PrivateIdentifier) return `#${property.name}`;
  if (!node.computed) return property.type === Type.Identifier ? property.name : undefined;
  return property.type === Type.Literal ? String(property.value) : undefined;
}

/** The name of a property of a literal or a pattern, where it is written out. */
export function keyOf({ key, computed }: TSESTree.Property): string | undefined {
  if (key.type === Type.Identifier && !computed) return key.name;
  return key.type === Type.Literal ? String(key.value) : undefined;
}

/** The last name of a callee: `map` of `list.map`, `setTimeout`. */
export function calleeName({ callee }: Calling): string | undefined {
  const node = unwrap(callee);
  if (node.type === Type.Identifier) return node.name;
  return node.type === Type.MemberExpression ? propertyName(node) : undefined;
}

/** Whether one node lies in another, or is it. */
export function isWithin(node: TSESTree.Node, outer: TSESTree.Node): boolean {
  return node.range[0] >= outer.range[0] && node.range[1] <= outer.range[1];
}

/** The nearest node around two. */
export function commonAncestor(first: TSESTree.Node, second: TSESTree.Node): TSESTree.Node {
  let at = first;
  while (!isWithin(second, at) && at.parent !== undefined) at = at.parent;
  return at;
}

/** The call that a node is the callee, the receiver or an argument of. */
export function callAround(node: TSESTree.Node): Calling | undefined {
  let at: TSESTree.Node | undefined = node;
  while (at !== undefined && !isFunction(at) && !at.type.endsWith('Statement')) {
    if (at.type === Type.CallExpression || at.type === Type.NewExpression) return at;
    at = at.parent;
  }
  return undefined;
}

/** The node around a node, without what changes types only. */
export function parentOf(node: TSESTree.Node): TSESTree.Node | undefined {
  let at: TSESTree.Node | null | undefined = node.parent;
  // Around the program there is nothing, which ESLint says with `null`.
  while (at !== undefined && at !== null && unwrap(at) !== at) at = at.parent;
  return at ?? undefined;
}

/** The call that a function is an argument of. */
export function callOf(fn: TSESTree.Node): TSESTree.CallExpression | undefined {
  const call = parentOf(fn);
  return call?.type === Type.CallExpression && unwrap(call.callee) !== fn ? call : undefined;
}

/** Whether a function is the callback of a lender, which ends what is left when it is over. */
export function isLentTo(fn: TSESTree.Node): boolean {
  const call = callOf(fn);
  return call !== undefined && LENDERS.has(calleeName(call) ?? '');
}

/** Whether a node stands for `undefined` or `null`. */
export function isNullish(node: TSESTree.Node): boolean {
  const plain = unwrap(node);
  if (plain.type === Type.Identifier) return plain.name === 'undefined';
  if (plain.type === Type.UnaryExpression) return plain.operator === 'void';
  return plain.type === Type.Literal && plain.value === null;
}

/** Whether a literal is given away where it stands: as an argument, returned, yielded. */
export function isHandedOn(literal: TSESTree.Node): boolean {
  let at = literal;
  let around = parentOf(at);
  while (around !== undefined && THROUGH.has(around.type)) {
    at = around;
    around = parentOf(at);
  }
  if (around === undefined) return false;
  if (around.type === Type.ArrowFunctionExpression) return unwrap(around.body) === unwrap(at);
  return GIVING.has(around.type);
}

const THROUGH: ReadonlySet<string> = new Set([
  Type.ArrayExpression,
  Type.ConditionalExpression,
  Type.LogicalExpression,
  Type.ObjectExpression,
  Type.Property,
  Type.SpreadElement,
]);

const GIVING: ReadonlySet<string> = new Set([
  Type.AwaitExpression,
  Type.CallExpression,
  Type.NewExpression,
  Type.ReturnStatement,
  Type.ThrowStatement,
  Type.YieldExpression,
]);

/** Whether a value goes out of its function by `return`, by itself or in a literal. */
export function isReturned(value: TSESTree.Node): boolean {
  let around = parentOf(value);
  while (around !== undefined && THROUGH.has(around.type)) around = parentOf(around);
  return around?.type === Type.ReturnStatement;
}

/** The nodes directly under a node, types left out. */
export function childrenOf(
  code: Readonly<TSESLint.SourceCode>,
  node: TSESTree.Node,
): TSESTree.Node[] {
  const fields = node as unknown as Readonly<Record<string, unknown>>;
  return (code.visitorKeys[node.type] ?? []).flatMap((key) => {
    const value = fields[key];
    const all: readonly unknown[] = Array.isArray(value) ? value : [value];
    return all.filter(isNode).filter((child) => !isType(child));
  });
}

function isNode(value: unknown): value is TSESTree.Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}

function isType(node: TSESTree.Node): boolean {
  return node.type.startsWith('TS') && unwrap(node) === node;
}
