/** Whether a guard gets hold of a client or a `fetch`, as far as the file shows it. */

import { AST_NODE_TYPES as Type, type TSESLint, type TSESTree } from '@typescript-eslint/utils';
import { GUARDING } from './providers.ts';
import {
  STEPS_MAX,
  bare,
  functionAround,
  functionOf,
  importedAs,
  initialValue,
  isFunction,
  isGlobal,
  nameOf,
  nodesUnder,
  parentOf,
  variableOf,
  type FunctionNode,
} from './syntax.ts';

/** A file, the calls in it, and what else than hardcap's own functions guards a client there. */
export interface GuardedFile {
  readonly code: Readonly<TSESLint.SourceCode>;
  readonly calls: readonly TSESTree.CallExpression[];
  readonly ownGuards: readonly string[];
}

/** Whether a call puts a guard around its first argument, or makes a guarded `fetch`. */
export function isGuarding(file: GuardedFile, { callee }: TSESTree.CallExpression): boolean {
  const plain = bare(callee);
  const written =
    plain.type === Type.Identifier
      ? plain.name
      : plain.type === Type.MemberExpression
        ? nameOf(plain)
        : undefined;
  if (written !== undefined && file.ownGuards.includes(written)) return true;
  const imported = importedAs(file.code, plain);
  if (imported !== undefined) return GUARDING.has(imported.name);
  // A namespace that was imported dynamically, or handed in: `hardcap.wrapOpenAI(client, guard)`.
  return plain.type === Type.MemberExpression && GUARDING.has(written ?? '');
}

/**
 * Whether what an expression makes comes to a guard. A guard is put inside the client, in place:
 * one call of `wrapOpenAI` guards it under each of its names.
 */
export function comesToGuard(file: GuardedFile, made: TSESTree.Node, step = 0): boolean {
  const parent = parentOf(made);
  if (parent === undefined || step === STEPS_MAX) return false;
  const next = (node: TSESTree.Node) => comesToGuard(file, node, step + 1);
  if (bare(parent) !== parent) return next(parent);
  switch (parent.type) {
    case Type.ConditionalExpression:
      return parent.test !== made && next(parent);
    case Type.LogicalExpression:
      return next(parent);
    case Type.CallExpression:
      return isFunction(made) && parent.callee === made
        ? next(parent)
        : argumentIsGuarded(file, parent, made, step);
    case Type.VariableDeclarator:
      return parent.id.type === Type.Identifier && nameIsGuarded(file, parent.id, step);
    case Type.AssignmentExpression:
      return next(parent) || targetIsGuarded(file, parent.left, step);
    case Type.Property:
    case Type.PropertyDefinition:
      return memberIsGuarded(file, nameOf(parent));
    case Type.ArrowFunctionExpression:
      return parent.body === made && resultIsGuarded(file, parent, step);
    case Type.ReturnStatement: {
      const maker = functionAround(parent);
      return maker !== undefined && resultIsGuarded(file, maker, step);
    }
    default:
      return false;
  }
}

/** Whether a `fetch` that a client is given is not the runtime's own. */
export function isGuardedFetch(file: GuardedFile, value: TSESTree.Node, step = 0): boolean {
  const plain = bare(value);
  if (step === STEPS_MAX || isOwnFetch(file.code, plain)) return false;
  if (isFunction(plain)) {
    const calls = nodesUnder(file.code, plain.body).filter(
      (one) => one.type === Type.CallExpression,
    );
    return !calls.some(({ callee }) => isOwnFetch(file.code, callee));
  }
  if (plain.type !== Type.Identifier) return plain.type !== Type.Literal;
  if (isGlobal(file.code, plain)) return false;
  const known = functionOf(file.code, plain) ?? initialValue(variableOf(file.code, plain));
  // A parameter or an import: whoever hands it over knows what it is.
  return known === undefined || isGuardedFetch(file, known, step + 1);
}

/** Whether an expression is the runtime's own `fetch`, by whatever constant it is called. */
export function isOwnFetch(
  code: Readonly<TSESLint.SourceCode>,
  value: TSESTree.Node,
  step = 0,
): boolean {
  const plain = bare(value);
  if (step === STEPS_MAX) return false;
  if (plain.type === Type.MemberExpression) {
    if (nameOf(plain) === 'bind') return isOwnFetch(code, plain.object, step + 1);
    const isOnGlobal =
      plain.object.type === Type.Identifier &&
      ['globalThis', 'self', 'window'].includes(plain.object.name) &&
      isGlobal(code, plain.object);
    return isOnGlobal && nameOf(plain) === 'fetch';
  }
  if (plain.type === Type.CallExpression) {
    const { callee } = plain;
    const isBound = callee.type === Type.MemberExpression && nameOf(callee) === 'bind';
    return isBound && isOwnFetch(code, callee.object, step + 1);
  }
  if (plain.type !== Type.Identifier) return false;
  if (isGlobal(code, plain)) return plain.name === 'fetch';
  const known = initialValue(variableOf(code, plain));
  return known !== undefined && isOwnFetch(code, known, step + 1);
}

/** Where a variable's client is first put under a guard. */
export function firstGuarding(
  file: GuardedFile,
  variable: TSESLint.Scope.Variable,
): TSESTree.CallExpression | undefined {
  return file.calls
    .filter((call) => isGuarding(file, call))
    .find(({ arguments: [client] }) => {
      const plain = client === undefined ? undefined : bare(client);
      return plain?.type === Type.Identifier && variableOf(file.code, plain) === variable;
    });
}

/** A client handed to a function of this file is guarded if that function guards its parameter. */
function argumentIsGuarded(
  file: GuardedFile,
  call: TSESTree.CallExpression,
  made: TSESTree.Node,
  step: number,
): boolean {
  const index = call.arguments.findIndex((one) => one === made);
  if (isGuarding(file, call)) return index === 0;
  const parameter = functionOf(file.code, call.callee)?.params[index];
  return parameter?.type === Type.Identifier && nameIsGuarded(file, parameter, step);
}

function nameIsGuarded(file: GuardedFile, name: TSESTree.Identifier, step: number): boolean {
  const references = variableOf(file.code, name)?.references ?? [];
  return references.some((one) => one.isRead() && comesToGuard(file, one.identifier, step + 1));
}

function targetIsGuarded(file: GuardedFile, target: TSESTree.Node, step: number): boolean {
  const plain = bare(target);
  if (plain.type === Type.MemberExpression) return memberIsGuarded(file, nameOf(plain));
  return plain.type === Type.Identifier && nameIsGuarded(file, plain, step);
}

/** A client in a field is guarded if the file guards a field of that name. */
function memberIsGuarded(file: GuardedFile, name: string | undefined): boolean {
  return file.calls.some((call) => {
    const [client] = call.arguments;
    if (name === undefined || client === undefined || !isGuarding(file, call)) return false;
    const plain = bare(client);
    if (plain.type === Type.MemberExpression) return nameOf(plain) === name;
    return plain.type === Type.Identifier && plain.name === name && isDestructured(file, plain);
  });
}

function isDestructured(file: GuardedFile, name: TSESTree.Identifier): boolean {
  const [definition] = variableOf(file.code, name)?.defs ?? [];
  return definition?.name.parent?.type === Type.Property;
}

/**
 * What a function makes is guarded if every call of it is; a function that other files can call is
 * none of which that can be said.
 */
function resultIsGuarded(file: GuardedFile, maker: FunctionNode, step: number): boolean {
  const { parent } = maker;
  if (parent?.type === Type.CallExpression && parent.callee === maker) {
    return comesToGuard(file, parent, step + 1);
  }
  if (parent?.type === Type.MethodDefinition || parent?.type === Type.PropertyDefinition) {
    return methodIsGuarded(file, parent, step);
  }
  const name =
    maker.id ??
    (parent?.type === Type.VariableDeclarator && parent.id.type === Type.Identifier
      ? parent.id
      : undefined);
  if (name === undefined || name === null || isExported(maker)) return false;
  const uses = (variableOf(file.code, name)?.references ?? []).filter((one) => one.isRead());
  return (
    uses.length > 0 &&
    uses.every(({ identifier: { parent: call } }) => {
      if (call === undefined) return false;
      if (call.type === Type.ExportSpecifier) return false;
      return call.type === Type.CallExpression && comesToGuard(file, call, step + 1);
    })
  );
}

function methodIsGuarded(
  file: GuardedFile,
  method: TSESTree.MethodDefinition | TSESTree.PropertyDefinition,
  step: number,
): boolean {
  const { key } = method;
  const isOwn = key.type === Type.PrivateIdentifier || method.accessibility === 'private';
  const name =
    key.type === Type.PrivateIdentifier
      ? `#${key.name}`
      : key.type === Type.Identifier
        ? key.name
        : undefined;
  if (!isOwn || name === undefined) return false;
  const uses = file.calls.filter(
    ({ callee }) => callee.type === Type.MemberExpression && nameOf(callee) === name,
  );
  return uses.length > 0 && uses.every((call) => comesToGuard(file, call, step + 1));
}

function isExported(maker: FunctionNode): boolean {
  const statement = maker.parent?.type === Type.VariableDeclarator ? maker.parent.parent : maker;
  const around = statement.parent?.type;
  return around === Type.ExportNamedDeclaration || around === Type.ExportDefaultDeclaration;
}
