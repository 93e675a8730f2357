/** Where a request goes, as far as the code says: a literal, a template's start, a constant. */

import { AST_NODE_TYPES as Type, type TSESLint, type TSESTree } from '@typescript-eslint/utils';
import { METERED_HOSTS, REGIONAL_HOST, UNMETERED_HOSTS } from './providers.ts';
import { STEPS_MAX, bare, initialValue, isGlobal, nameOf, variableOf } from './syntax.ts';

/** A provider's host that a request names. */
export interface ProviderHost {
  readonly host: string;
  /** Whether a guard of hardcap meters what is sent there. */
  readonly isMetered: boolean;
}

const HOST_FIELDS = new Set(['baseURL', 'host', 'hostname', 'origin', 'prefixUrl', 'uri', 'url']);

/** The provider's host in the first of these arguments that names one. */
export function providerHost(
  code: Readonly<TSESLint.SourceCode>,
  values: readonly TSESTree.Node[],
  ownHosts: readonly string[],
): ProviderHost | undefined {
  for (const value of values) {
    for (const text of addresses(code, value)) {
      const host = known(hostOf(text), ownHosts);
      if (host !== undefined) return host;
    }
  }
  return undefined;
}

function known(host: string, ownHosts: readonly string[]): ProviderHost | undefined {
  const isMetered =
    METERED_HOSTS.includes(host) || REGIONAL_HOST.test(host) || ownHosts.includes(host);
  if (isMetered) return { host, isMetered };
  return UNMETERED_HOSTS.some((one) => one.test(host)) ? { host, isMetered } : undefined;
}

function hostOf(text: string): string {
  const [, host] = /^(?:(?:https?|wss?):)?(?:\/\/)?([^/?#:]+)/i.exec(text) ?? [];
  return (host ?? '').toLowerCase().replace(/\.$/, '');
}

/** What an address can begin with; nothing where the code does not say. */
function addresses(code: Readonly<TSESLint.SourceCode>, value: TSESTree.Node): string[] {
  const found: string[] = [];
  const waiting = [value];
  for (let steps = 0; steps < STEPS_MAX * STEPS_MAX; steps++) {
    const node = waiting.pop();
    if (node === undefined) break;
    const plain = bare(node);
    const text = textOf(plain);
    if (text !== undefined) found.push(text);
    else waiting.push(...partsOf(code, plain));
  }
  return found;
}

function textOf(node: TSESTree.Node): string | undefined {
  if (node.type === Type.Literal) return typeof node.value === 'string' ? node.value : undefined;
  if (node.type !== Type.TemplateLiteral) return undefined;
  const [first] = node.quasis;
  const start = first?.value.cooked ?? '';
  return start === '' ? undefined : start;
}

/** The expressions that decide how the address of this one begins. */
function partsOf(code: Readonly<TSESLint.SourceCode>, node: TSESTree.Node): TSESTree.Node[] {
  switch (node.type) {
    case Type.TemplateLiteral:
      return node.expressions.slice(0, 1);
    case Type.BinaryExpression:
      return node.operator === '+' ? [node.left] : [];
    case Type.LogicalExpression:
      return [node.left, node.right];
    case Type.ConditionalExpression:
      return [node.consequent, node.alternate];
    case Type.Identifier: {
      const value = initialValue(variableOf(code, node));
      return value === undefined ? [] : [value];
    }
    case Type.NewExpression:
      return addressOfObject(code, node);
    case Type.ObjectExpression:
      return node.properties.flatMap((one) =>
        one.type === Type.Property && HOST_FIELDS.has(nameOf(one) ?? '') ? [one.value] : [],
      );
    case Type.MemberExpression:
      return memberOfConstant(code, node);
    case Type.CallExpression:
      return callOnAddress(node);
    default:
      return [];
  }
}

/** `new URL(path, base)` begins with its base, `new Request(url)` with its address. */
function addressOfObject(
  code: Readonly<TSESLint.SourceCode>,
  { callee, arguments: values }: TSESTree.NewExpression,
): TSESTree.Node[] {
  if (callee.type !== Type.Identifier || !isGlobal(code, callee)) return [];
  if (callee.name === 'URL') return values.toReversed();
  return callee.name === 'Request' ? values.slice(0, 1) : [];
}

function memberOfConstant(
  code: Readonly<TSESLint.SourceCode>,
  node: TSESTree.MemberExpression,
): TSESTree.Node[] {
  const name = nameOf(node);
  if (name === 'href' || name === 'origin') return [node.object];
  if (node.object.type !== Type.Identifier) return [];
  const value = initialValue(variableOf(code, node.object));
  const object = value === undefined ? undefined : bare(value);
  if (object?.type !== Type.ObjectExpression) return [];
  return object.properties.flatMap((one) =>
    one.type === Type.Property && nameOf(one) === name ? [one.value] : [],
  );
}

/** `url.toString()`, and what leaves the beginning of a text as it is. */
function callOnAddress({ callee, arguments: values }: TSESTree.CallExpression): TSESTree.Node[] {
  if (callee.type === Type.Identifier && callee.name === 'String') return values.slice(0, 1);
  if (callee.type !== Type.MemberExpression) return [];
  const isSame = ['concat', 'replace', 'toString', 'trim'].includes(nameOf(callee) ?? '');
  return isSame ? [callee.object] : [];
}
