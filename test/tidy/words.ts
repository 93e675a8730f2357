/** Words: one word, one meaning. What a name in library code may not say, and what to say instead. */

import { basename } from 'node:path';
import ts from 'typescript';
import { wordsOf } from './docstrings.ts';
import { finding, isLibrary, nodes, type Source } from './source.ts';

/**
 * Banned word -> the word to use. Only words that mean nothing else here: `commit` is SQL's,
 * `block` and `status` belong to wire formats, `lock` and `counter` to mechanisms.
 */
export const BANNED: Readonly<Record<string, string>> = {
  manager: 'the noun for what it manages',
  helper: 'the noun or verb for what it does',
  helpers: 'the noun or verb for what it does',
  util: 'the noun or verb for what it does',
  utils: 'the noun or verb for what it does',
  utility: 'the noun or verb for what it does',
  misc: 'the noun for what is in it',
  quota: 'cap',
  quotas: 'cap',
  tenant: 'scope',
  tenants: 'scope',
  period: 'window',
  periods: 'window',
  bucket: 'account, or part of a window',
  buckets: 'accounts, or parts of a window',
  precharge: 'reserve',
  rollback: 'release',
  finalize: 'settle',
  finalise: 'settle',
  tracker: 'meter',
  backend: 'upstream, or store',
  repository: 'ledger, or journal',
  wallet: 'budget',
  deny: 'refuse',
  denied: 'refused',
  denies: 'refuses',
  denial: 'refusal',
  disallow: 'refuse',
  blocked: 'refused',
  costmap: 'price book',
};

/** Words that only the accounting core of some folders may not say, because there they have a rival. */
export const BANNED_IN: Readonly<Record<string, { readonly use: string; readonly in: RegExp }>> = {
  limit: { use: 'cap or ceiling', in: /^src\/(ledger|policy|budget|guard)\// },
  limits: { use: 'caps or ceilings', in: /^src\/(ledger|policy|budget|guard)\// },
  estimate: { use: 'bound', in: /^src\/(ledger|policy|budget|guard|errors)\// },
};

/** Words that say nothing at the end of a type's name. */
export const EMPTY_TYPE_ENDS = ['data', 'info', 'object', 'impl'];

/** Names that keep a banned word, and why. */
export const ALLOWED: readonly { readonly name: string; readonly why: string }[] = [
  {
    name: 'ModelLimits',
    why: 'What a model can take is the provider’s limit, not a cap of the user.',
  },
  { name: 'JsonObject', why: 'JSON calls it an object.' },
];

/** Declared names and file names that say a banned word. */
export function wordFindings(sources: readonly Source[]): string[] {
  return sources
    .filter(({ path }) => isLibrary(path))
    .flatMap((source) => {
      const fileFault = wordFault(source.path, basename(source.path, '.ts'), false);
      const ofFile = fileFault === undefined ? [] : [`${source.path}: ${fileFault}`];
      const ofNames = nodes(source.ast).flatMap((node) => {
        const name = declaredName(node);
        const isType = ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);
        const fault =
          name === undefined
            ? undefined
            : wordFault(source.path, name, isType || ts.isClassDeclaration(node));
        return fault === undefined ? [] : [finding(source, node, fault)];
      });
      return [...ofFile, ...ofNames];
    });
}

/** Whether a text for people says a banned word. */
export function bannedWordIn(text: string): string | undefined {
  return wordsOf(text).find((word) => Object.hasOwn(BANNED, word));
}

function wordFault(path: string, name: string, isType: boolean): string | undefined {
  if (ALLOWED.some((row) => row.name === name)) return undefined;
  const words = wordsOf(name);
  for (const word of words) {
    const local = Object.hasOwn(BANNED_IN, word) ? BANNED_IN[word] : undefined;
    const use = Object.hasOwn(BANNED, word) ? BANNED[word] : undefined;
    if (use !== undefined) return `${name} says "${word}"; say ${use}`;
    if (local?.in.test(path) === true) return `${name} says "${word}"; here say ${local.use}`;
  }
  const end = words.at(-1) ?? '';
  return isType && words.length > 1 && EMPTY_TYPE_ENDS.includes(end)
    ? `${name} ends in "${end}", which says nothing`
    : undefined;
}

/** The name that a node declares; wire names in object literals and quoted members are not ours. */
function declaredName(node: ts.Node): string | undefined {
  const declares =
    ts.isVariableDeclaration(node) ||
    ts.isParameter(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isPropertyDeclaration(node) ||
    ts.isPropertySignature(node) ||
    ts.isMethodSignature(node);
  if (!declares || node.name === undefined || !ts.isIdentifier(node.name)) return undefined;
  return node.name.text;
}
