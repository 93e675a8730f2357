import {
  AST_NODE_TYPES as Type,
  ESLintUtils,
  type ParserServicesWithTypeInformation,
  type TSESLint,
  type TSESTree,
} from '@typescript-eslint/utils';
import type ts from 'typescript';
import { providerHost } from '../boundary/address.ts';
import {
  comesToGuard,
  firstGuarding,
  isGuardedFetch,
  isOwnFetch,
  type GuardedFile,
} from '../boundary/guarding.ts';
import { packageOf } from '../boundary/package-of.ts';
import {
  AI_SDK_PACKAGES,
  CLIENT_PACKAGES,
  SENDING_MODULES,
  type ClientPackage,
} from '../boundary/providers.ts';
import {
  STEPS_MAX,
  bare,
  functionAround,
  importOf,
  importedAs,
  initialValue,
  isGlobal,
  nameOf,
  variableOf,
} from '../boundary/syntax.ts';
import { createRule } from '../rule.ts';

/** What can be set for the rule. */
export interface UnguardedClientOptions {
  /** Hosts of the user's own that answer like a provider: a gateway, a proxy. */
  readonly hosts?: readonly string[];
  /** Functions of the user's own that guard the client they are given. */
  readonly guards?: readonly string[];
}

type MessageId =
  | 'readyMade'
  | 'unguardableClient'
  | 'unguardableRequest'
  | 'unguardedClient'
  | 'unguardedRequest'
  | 'usedBeforeGuard';

/** A client made, or a request sent, past every guard. */
export const rule = createRule<[UnguardedClientOptions], MessageId>({
  name: 'no-unguarded-client',
  meta: {
    type: 'problem',
    docs: {
      description: 'Require a guard around every client of a provider and every request to one',
      recommended: 'error',
      requiresTypeChecking: true,
    },
    messages: {
      unguardedClient:
        'No guard wraps this {{name}} client, so no cap holds what it spends. Write `{{instead}}`.',
      unguardableClient:
        'hardcap has no guard for {{name}}, so no cap holds what it spends. Call a provider that ' +
        'it has a guard for, or disable this rule here and say what holds the spend instead.',
      readyMade:
        '`{{name}}` of {{module}} sends by itself, so no cap holds what it spends. Write ' +
        '`{{make}}({ fetch: guardedFetch(guard) })` and take the model from that.',
      usedBeforeGuard:
        'This call leaves before the client is wrapped in line {{line}}. Wrap the client where ' +
        'it is made.',
      unguardedRequest:
        'This request goes to {{host}} past every guard. Send it through `guardedFetch(guard)`.',
      unguardableRequest:
        'This request goes to {{host}}, which no guard of hardcap meters. Call a provider that ' +
        'it meters, or disable this rule here and say what holds the spend instead.',
    },
    schema: [
      {
        type: 'object',
        additionalProperties: false,
        properties: {
          hosts: {
            type: 'array',
            items: { type: 'string' },
            description: 'More hosts that bill for what is sent to them.',
          },
          guards: {
            type: 'array',
            items: { type: 'string' },
            description: 'More functions that guard the client they are given.',
          },
        },
      },
    ],
    defaultOptions: [{}],
  },
  create(context, [{ hosts = [], guards = [] }]) {
    const code = context.sourceCode;
    const services = ESLintUtils.getParserServices(context);
    const calls: TSESTree.CallExpression[] = [];
    const made: TSESTree.NewExpression[] = [];
    return {
      NewExpression: (node) => void made.push(node),
      CallExpression: (node) => void calls.push(node),
      'Program:exit'(program) {
        const file: GuardedFile = { code, calls, ownGuards: guards };
        const look: Look = { context, file, services, hosts };
        for (const node of made) reportClient(look, node);
        for (const node of [...calls, ...made]) reportRequest(look, node);
        for (const node of program.body) reportAiSdk(look, node);
      },
    };
  },
});

/** What is looked at: a file, its types, and the hosts that count as a provider's. */
interface Look {
  readonly context: Readonly<TSESLint.RuleContext<MessageId, [UnguardedClientOptions]>>;
  readonly file: GuardedFile;
  readonly services: ParserServicesWithTypeInformation;
  readonly hosts: readonly string[];
}

function reportClient(look: Look, node: TSESTree.NewExpression): void {
  const { context, file } = look;
  const known = clientPackage(look, node);
  if (known === undefined || hasGuardedFetch(file, node.arguments)) return;
  const name = file.code.getText(node.callee);
  if (!comesToGuard(file, node)) {
    const instead = known.instead?.replace('$', name);
    if (instead === undefined) {
      context.report({ node, messageId: 'unguardableClient', data: { name } });
    } else {
      context.report({ node, messageId: 'unguardedClient', data: { name, instead } });
    }
    return;
  }
  const { parent } = node;
  if (parent.type !== Type.VariableDeclarator || parent.id.type !== Type.Identifier) return;
  reportEarlyUse(look, variableOf(file.code, parent.id));
}

/** Calls on the client above the line that wraps it, in the same function. */
function reportEarlyUse({ context, file }: Look, variable?: TSESLint.Scope.Variable): void {
  const guarding = variable === undefined ? undefined : firstGuarding(file, variable);
  if (variable === undefined || guarding === undefined) return;
  for (const { identifier } of variable.references) {
    const isCall = identifier.parent?.type === Type.MemberExpression;
    const isEarlier = identifier.range[0] < guarding.range[0];
    if (!isCall || !isEarlier || functionAround(identifier) !== functionAround(guarding)) continue;
    const line = guarding.loc.start.line;
    context.report({ node: identifier, messageId: 'usedBeforeGuard', data: { line } });
  }
}

/** Which package's client `new` makes here: by its type, or by its import where that is missing. */
function clientPackage(look: Look, node: TSESTree.NewExpression): ClientPackage | undefined {
  const { file, services } = look;
  const imported = importedAs(file.code, node.callee);
  if (imported !== undefined) {
    const known = CLIENT_PACKAGES.find((one) => one.package === imported.module);
    const name = imported.name === 'default' ? known?.classes[0] : imported.name;
    if (known !== undefined && name !== undefined && known.classes.includes(name)) return known;
  }
  const checker = services.program.getTypeChecker();
  let types: readonly ts.Type[] = [services.getTypeAtLocation(node)];
  for (let step = 0; step < STEPS_MAX && types.length > 0; step++) {
    for (const { symbol } of types) {
      const known = packageOfClient(symbol);
      if (known !== undefined) return known;
    }
    types = types.flatMap((type) => (type.isClassOrInterface() ? checker.getBaseTypes(type) : []));
  }
  return undefined;
}

function packageOfClient(symbol: ts.Symbol | undefined): ClientPackage | undefined {
  const named = CLIENT_PACKAGES.filter(({ classes }) => classes.includes(symbol?.name ?? ''));
  if (named.length === 0) return undefined;
  const declaredIn = packageOf(symbol);
  return named.find((one) => one.package === declaredIn);
}

/** Whether the options name a `fetch` that is guarded, directly or one object further in. */
function hasGuardedFetch(file: GuardedFile, values: readonly TSESTree.Node[]): boolean {
  const waiting = values.map((value) => ({ value, step: 0 }));
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    const { step } = one;
    const plain = bare(one.value);
    if (step > STEPS_MAX) continue;
    if (plain.type === Type.Identifier) {
      const value = initialValue(variableOf(file.code, plain));
      if (value !== undefined) waiting.push({ value, step: step + 1 });
    }
    if (plain.type !== Type.ObjectExpression) continue;
    for (const property of plain.properties) {
      if (property.type === Type.SpreadElement) {
        waiting.push({ value: property.argument, step: step + 1 });
      } else if (nameOf(property) === 'fetch') {
        if (isGuardedFetch(file, property.value)) return true;
      } else if (['clientOptions', 'configuration'].includes(nameOf(property) ?? '')) {
        waiting.push({ value: property.value, step: step + 1 });
      }
    }
  }
  return false;
}

function reportRequest(look: Look, node: TSESTree.CallExpression | TSESTree.NewExpression): void {
  const { context, file, hosts } = look;
  if (!sends(file, node)) return;
  const found = providerHost(file.code, node.arguments, hosts);
  if (found === undefined) return;
  const isSocket =
    node.type === Type.NewExpression && file.code.getText(node.callee) === 'WebSocket';
  const messageId = found.isMetered && !isSocket ? 'unguardedRequest' : 'unguardableRequest';
  context.report({ node, messageId, data: { host: found.host } });
}

/** Whether a call sends a request by itself: the runtime's `fetch`, Node's or a library's own. */
function sends(
  { code }: GuardedFile,
  { callee, type }: TSESTree.CallExpression | TSESTree.NewExpression,
): boolean {
  if (type === Type.NewExpression && callee.type === Type.Identifier && isGlobal(code, callee)) {
    return callee.name === 'WebSocket';
  }
  if (type === Type.CallExpression && isOwnFetch(code, callee)) return true;
  const root = callee.type === Type.MemberExpression ? callee.object : callee;
  if (root.type !== Type.Identifier) return false;
  const imported = importOf(variableOf(code, root));
  return imported !== undefined && SENDING_MODULES.has(imported.module);
}

function reportAiSdk(look: Look, node: TSESTree.Node): void {
  if (node.type !== Type.ImportDeclaration || node.importKind === 'type') return;
  const known = AI_SDK_PACKAGES.find((one) => one.package === node.source.value);
  if (known === undefined) return;
  for (const variable of look.file.code.getDeclaredVariables?.(node) ?? []) {
    const name = importOf(variable)?.name;
    if (name === known.make) reportMakers(look, variable);
    if (name !== known.readyMade) continue;
    const { package: module, make } = known;
    for (const { identifier, isTypeReference } of variable.references) {
      if (isTypeReference) continue;
      look.context.report({
        node: identifier,
        messageId: 'readyMade',
        data: { name: identifier.name ?? known.readyMade, module, make },
      });
    }
  }
}

function reportMakers({ context, file }: Look, variable: TSESLint.Scope.Variable): void {
  for (const { identifier } of variable.references) {
    const call = identifier.parent;
    if (call?.type !== Type.CallExpression || call.callee !== identifier) continue;
    if (hasGuardedFetch(file, call.arguments)) continue;
    const name = file.code.getText(call.callee);
    const instead = `${name}({ fetch: guardedFetch(guard) })`;
    context.report({ node: call, messageId: 'unguardedClient', data: { name, instead } });
  }
}
