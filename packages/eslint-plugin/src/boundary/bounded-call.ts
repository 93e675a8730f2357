/** Which calls produce an output that is billed, and how its ceiling is called there. */

import { AST_NODE_TYPES as Type, type TSESTree } from '@typescript-eslint/utils';
import { packageOf } from './package-of.ts';
import { propertyOf } from './ceiling.ts';
import type { TypedFile } from './refusable.ts';
import { importedAs, nameOf } from './syntax.ts';

/** A call and what would bound it. */
export interface BoundedCall {
  readonly body: TSESTree.Node;
  /** Names of the ceiling there, the one to write first. */
  readonly names: readonly [string, ...string[]];
}

const CHAT = ['max_completion_tokens', 'max_tokens'] as const;
const RESPONSE = ['max_output_tokens'] as const;
const TEXT = ['max_tokens'] as const;

const AI_SDK_CALLS = new Set(['generateObject', 'generateText', 'streamObject', 'streamText']);
const METHODS = new Set(['create', 'parse', 'runTools', 'stream', 'toolRunner']);
const RESOURCES = new Set(['Completions', 'Messages', 'Responses']);
const GUARD_METHODS = new Set(['check', 'reserve', 'reserveAsync', 'tryReserve']);

/** How the body of each route of `guard.reserve` names its ceiling. */
const ROUTES: Readonly<Record<string, readonly [string, ...string[]]>> = {
  'chat.completions': CHAT,
  completions: TEXT,
  messages: TEXT,
  responses: RESPONSE,
};

/** The call's body and the names of its ceiling; `undefined` where there is no output to bound. */
export function boundedCall(
  file: TypedFile,
  call: TSESTree.CallExpression,
): BoundedCall | undefined {
  const [body] = call.arguments;
  if (body === undefined || body.type === Type.SpreadElement) return undefined;
  const { callee } = call;
  if (callee.type === Type.Identifier || callee.type === Type.MemberExpression) {
    const imported = importedAs(file.code, callee);
    if (imported?.module === 'ai' && AI_SDK_CALLS.has(imported.name)) {
      return { body, names: ['maxOutputTokens', 'maxTokens'] };
    }
  }
  if (callee.type !== Type.MemberExpression) return undefined;
  const method = nameOf(callee) ?? '';
  if (METHODS.has(method)) {
    const names = resourceNames(file, callee.object);
    return names === undefined ? undefined : { body, names };
  }
  return GUARD_METHODS.has(method) ? reservation(file, callee.object, body) : undefined;
}

function resourceNames(
  { services }: TypedFile,
  object: TSESTree.Expression,
): BoundedCall['names'] | undefined {
  const { symbol } = services.getTypeAtLocation(object);
  if (symbol === undefined || !RESOURCES.has(symbol.name)) return undefined;
  const declaredIn = packageOf(symbol);
  if (declaredIn === '@anthropic-ai/sdk') return symbol.name === 'Messages' ? TEXT : undefined;
  if (declaredIn !== 'openai' || symbol.name === 'Messages') return undefined;
  if (symbol.name === 'Responses') return RESPONSE;
  const fileName = symbol.declarations?.[0]?.getSourceFile().fileName ?? '';
  return /[\\/]chat[\\/]/.test(fileName) ? CHAT : TEXT;
}

/** `guard.reserve({ provider, route, body })`. */
function reservation(
  { services }: TypedFile,
  object: TSESTree.Expression,
  call: TSESTree.Node,
): BoundedCall | undefined {
  const { symbol } = services.getTypeAtLocation(object);
  if (symbol === undefined || !/^(Budget)?Guard$/.test(symbol.name)) return undefined;
  if (packageOf(symbol) !== 'hardcap') return undefined;
  const [body, provider, route] = ['body', 'provider', 'route'].map((name) =>
    propertyOf(call, name),
  );
  if (body === undefined) return undefined;
  const named = textOf(route) ?? (textOf(provider) === 'anthropic' ? 'messages' : undefined);
  const names = named === undefined ? undefined : ROUTES[named];
  return names === undefined ? undefined : { body, names };
}

function textOf(node: TSESTree.Node | undefined): string | undefined {
  return node?.type === Type.Literal && typeof node.value === 'string' ? node.value : undefined;
}
