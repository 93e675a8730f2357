/** Whether the body of a call names an output ceiling. */

import { AST_NODE_TYPES as Type, type TSESLint, type TSESTree } from '@typescript-eslint/utils';
import ts from 'typescript';
import type { TypedFile } from './refusable.ts';
import { STEPS_MAX, bare, nameOf, variableOf } from './syntax.ts';

/** `unknown`: the body comes from elsewhere, and may name one. */
export type Ceiling = 'named' | 'missing' | 'unknown';

/** Looks for one of the names in a body, through variables, spreads and branches. */
export function ceilingIn(
  file: TypedFile,
  body: TSESTree.Node,
  names: readonly string[],
  step = 0,
): Ceiling {
  const node = bare(body);
  const of = (inner: TSESTree.Node) => ceilingIn(file, inner, names, step + 1);
  if (step === STEPS_MAX) return 'unknown';
  switch (node.type) {
    case Type.ObjectExpression:
      return ofLiteral(node, { names, isMissing: (value) => isNothing(file, value), of });
    case Type.ConditionalExpression:
      return worse(of(node.consequent), of(node.alternate));
    case Type.Identifier: {
      const declared = declaredBody(file, node);
      if (declared === undefined) return ofType(file, node, names);
      return setLater(file, declared.variable, { node, names }) ?? of(declared.value);
    }
    default:
      return ofType(file, node, names);
  }
}

/** The value of a property that a literal writes out: `{ body: ... }`. */
export function propertyOf(body: TSESTree.Node, name: string): TSESTree.Node | undefined {
  const node = bare(body);
  if (node.type !== Type.ObjectExpression) return undefined;
  const found = node.properties.findLast(
    (one) => one.type === Type.Property && nameOf(one) === name,
  );
  return found?.type === Type.Property ? found.value : undefined;
}

interface LiteralQuestion {
  readonly names: readonly string[];
  readonly isMissing: (value: TSESTree.Node) => boolean;
  readonly of: (node: TSESTree.Node) => Ceiling;
}

/** The last property wins; a spread that says nothing leaves what stands before it. */
function ofLiteral(
  { properties }: TSESTree.ObjectExpression,
  { names, isMissing, of }: LiteralQuestion,
): Ceiling {
  let found: Ceiling = 'missing';
  for (const property of properties) {
    if (property.type === Type.SpreadElement) {
      const spread = of(property.argument);
      if (spread !== 'missing' && found !== 'named') found = spread;
    } else if (property.computed && nameOf(property) === undefined) {
      if (found === 'missing') found = 'unknown';
    } else if (names.includes(nameOf(property) ?? '')) {
      found = isMissing(property.value) ? 'missing' : 'named';
    }
  }
  return found;
}

function worse(one: Ceiling, other: Ceiling): Ceiling {
  if (one === 'missing' || other === 'missing') return 'missing';
  return one === 'unknown' ? one : other;
}

/** `null` and `undefined` are no ceiling. */
function isNothing({ services }: TypedFile, value: TSESTree.Node): boolean {
  const { flags } = services.getTypeAtLocation(value);
  return (flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Null)) !== 0;
}

/** What a variable of this file was declared with, where it is never assigned as a whole again. */
function declaredBody(
  { code }: TypedFile,
  node: TSESTree.Identifier,
): { readonly variable: TSESLint.Scope.Variable; readonly value: TSESTree.Node } | undefined {
  const variable = variableOf(code, node);
  const definition = variable?.defs[0]?.node;
  if (variable === undefined || definition?.type !== Type.VariableDeclarator) return undefined;
  if (definition.id.type !== Type.Identifier || definition.init === null) return undefined;
  const isConstant = variable.references.every((one) => one.init === true || !one.isWrite());
  return isConstant ? { variable, value: definition.init } : undefined;
}

interface Use {
  readonly node: TSESTree.Node;
  readonly names: readonly string[];
}

/** The last `body.max_tokens = ...` or `delete body.max_tokens` above the call decides. */
function setLater(
  file: TypedFile,
  variable: TSESLint.Scope.Variable,
  { node, names }: Use,
): Ceiling | undefined {
  let found: Ceiling | undefined;
  for (const { identifier } of variable.references) {
    const member = identifier.parent;
    if (member?.type !== Type.MemberExpression || member.object !== identifier) continue;
    if (!names.includes(nameOf(member) ?? '') || identifier.range[0] > node.range[0]) continue;
    const { parent } = member;
    if (parent.type === Type.AssignmentExpression && parent.left === member) {
      found = isNothing(file, parent.right) ? 'missing' : 'named';
    }
    if (parent.type === Type.UnaryExpression && parent.operator === 'delete') found = 'missing';
  }
  return found;
}

/** What the type of a body that comes from elsewhere says. */
function ofType({ services }: TypedFile, node: TSESTree.Node, names: readonly string[]): Ceiling {
  const checker = services.program.getTypeChecker();
  const type = services.getTypeAtLocation(node);
  const parts = type.isUnion() ? type.types : [type];
  const isOpen = (part: ts.Type) =>
    part.getProperties().length === 0 || part.getStringIndexType() !== undefined;
  if (parts.some(isOpen)) return 'unknown';
  return parts.map((part) => ofPart(checker, part, names)).reduce(worse);
}

function ofPart(checker: ts.TypeChecker, part: ts.Type, names: readonly string[]): Ceiling {
  const property = names.map((name) => part.getProperty(name)).find((one) => one !== undefined);
  if (property === undefined) return 'missing';
  const type = checker.getTypeOfSymbol(property);
  return checker.getNonNullableType(type) === type ? 'named' : 'unknown';
}
