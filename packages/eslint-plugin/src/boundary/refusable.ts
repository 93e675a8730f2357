/** Which calls a cap can refuse: those that spend, seen by their types. */

import {
  AST_NODE_TYPES as Type,
  type ParserServicesWithTypeInformation,
  type TSESLint,
  type TSESTree,
} from '@typescript-eslint/utils';
import type ts from 'typescript';
import { packageOf, packageOfFile } from './package-of.ts';
import { METERED_METHODS, METERED_RESOURCES } from './providers.ts';
import { functionAround, functionOf, isFunction, nodesUnder, parentOf } from './syntax.ts';

/** A file and its types. */
export interface TypedFile {
  readonly code: Readonly<TSESLint.SourceCode>;
  readonly services: ParserServicesWithTypeInformation;
}

/** Methods of hardcap that throw where a cap says no. */
const REFUSING = new Set([
  'carve',
  'charge',
  'delegate',
  'reserve',
  'reserveAsync',
  'run',
  'spend',
  'split',
]);

/** Functions of the AI SDK that send. */
const AI_SDK_CALLS = /^(generate|stream)(Text|Object)$|^embed(Many)?$/;

/** Types that let a function spend what it is handed. */
const SPENDABLE = new Set(['Budget', 'BudgetMut']);

/** How many functions of the file are looked into, one from the other. */
const DEPTH_MAX = 3;

/**
 * A call under `root` that a cap may refuse. Functions that only stand there are not looked into;
 * those that run there are.
 */
export function refusableUnder(
  file: TypedFile,
  root: TSESTree.Node,
  depth = 0,
): TSESTree.CallExpression | undefined {
  return callsUnder(file, root).find((call) => isRefusable(file, call, depth));
}

/** The same, where the refusal is thrown inside of a `try` and not in a promise that leaves it. */
export function refusableIn(
  file: TypedFile,
  block: TSESTree.BlockStatement,
): TSESTree.CallExpression | undefined {
  const around = functionAround(block);
  return callsUnder(file, block).find(
    (call) =>
      isRefusable(file, call) && !(functionAround(call) === around && leavesUnawaited(file, call)),
  );
}

/** Whether a cap may refuse what this call spends, itself or in a function of the same file. */
export function isRefusable(file: TypedFile, call: TSESTree.CallExpression, depth = 0): boolean {
  if (declaredToSpend(file, call) || call.arguments.some((one) => isSpendable(file, one))) {
    return true;
  }
  const called = depth < DEPTH_MAX ? functionOf(file.code, call.callee) : undefined;
  return called !== undefined && refusableUnder(file, called.body, depth + 1) !== undefined;
}

function callsUnder({ code }: TypedFile, root: TSESTree.Node): TSESTree.CallExpression[] {
  return nodesUnder(code, root, (node) => !isFunction(node) || runsHere(node, root)).filter(
    (node) => node.type === Type.CallExpression,
  );
}

function leavesUnawaited(file: TypedFile, call: TSESTree.CallExpression): boolean {
  const { parent } = call;
  const leaves =
    parent.type === Type.ExpressionStatement ||
    parent.type === Type.ReturnStatement ||
    (parent.type === Type.UnaryExpression && parent.operator === 'void');
  if (!leaves) return false;
  const type = file.services.getTypeAtLocation(call);
  return type.getProperty('then') !== undefined;
}

/** A function literal runs where it stands if it is handed to a call that is awaited, or called. */
function runsHere(node: TSESTree.Node, root: TSESTree.Node): boolean {
  const { parent } = node;
  if (parent?.type !== Type.CallExpression) return false;
  if (parent.callee === node) return true;
  for (let around: TSESTree.Node | undefined = parent; around !== root; around = parentOf(around)) {
    if (around === undefined) return false;
    if (around.type === Type.AwaitExpression) return true;
  }
  return root.type === Type.CallExpression || root.type === Type.AwaitExpression;
}

function declaredToSpend({ services }: TypedFile, call: TSESTree.CallExpression): boolean {
  const checker = services.program.getTypeChecker();
  const declaration = checker.getResolvedSignature(
    services.esTreeNodeToTSNodeMap.get(call),
  )?.declaration;
  if (declaration === undefined) return false;
  const name = nameIn(declaration);
  const owner = nameIn(declaration.parent);
  const declaredIn = packageOfFile(declaration.getSourceFile().fileName);
  if (declaredIn === undefined || name === undefined) return false;
  if (declaredIn === 'hardcap') return owner !== undefined && REFUSING.has(name);
  if (declaredIn === 'ai') return AI_SDK_CALLS.test(name);
  return METERED_RESOURCES[declaredIn]?.test(owner ?? '') === true && METERED_METHODS.has(name);
}

function isSpendable({ services }: TypedFile, value: TSESTree.Node): boolean {
  if (value.type === Type.SpreadElement || value.type === Type.Literal) return false;
  const { symbol } = services.getTypeAtLocation(value);
  return SPENDABLE.has(symbol?.name ?? '') && packageOf(symbol) === 'hardcap';
}

/** What a declaration calls itself, where that is a plain name. */
function nameIn(node: ts.Node | undefined): string | undefined {
  const name = (node as { readonly name?: { readonly text?: unknown } } | undefined)?.name?.text;
  return typeof name === 'string' ? name : undefined;
}
