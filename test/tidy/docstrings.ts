/** Docstrings: every export of library code says what it is or guarantees. */

import ts from 'typescript';
import { finding, isLibrary, type Source } from './source.ts';

/** Words of more than three letters that a sentence must add to a name of one word. */
const ADDED_WORDS_MIN = 2;

/** Exports without a docstring, or whose first sentence has no full stop or says the name again. */
export function docstringFindings(sources: readonly Source[]): string[] {
  return sources
    .filter(({ path }) => isLibrary(path))
    .flatMap((source) =>
      exportsOf(source.ast).flatMap(({ node, name }) => {
        const fault = docstringFault(node, name);
        return fault === undefined ? [] : [finding(source, node, `${name}: ${fault}`)];
      }),
    );
}

interface Exported {
  readonly node: ts.Node;
  readonly name: string;
}

/** Declarations behind `export`; an overload counts once, a re-export not at all. */
function exportsOf(ast: ts.SourceFile): Exported[] {
  const seen = new Set<string>();
  return ast.statements.flatMap((node) => {
    const isExported =
      ts.canHaveModifiers(node) &&
      ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    if (isExported !== true) return [];
    return namesOf(node).flatMap((name) => {
      if (seen.has(name)) return [];
      seen.add(name);
      return [{ node, name }];
    });
  });
}

function namesOf(node: ts.Statement): string[] {
  if (ts.isVariableStatement(node)) {
    return node.declarationList.declarations.map(({ name }) => name.getText());
  }
  const isNamed =
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node);
  return isNamed && node.name !== undefined ? [node.name.text] : [];
}

function docstringFault(node: ts.Node, name: string): string | undefined {
  const doc = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc).at(-1);
  const text = ts.getTextOfJSDocComment(doc?.comment)?.trim();
  if (text === undefined || text === '') return 'has no docstring';
  const paragraph = text.split(/\n\s*\n/)[0] ?? '';
  const sentence = /^.*?\.(?=\s|$)/s.exec(paragraph)?.[0];
  if (sentence === undefined) return 'its first sentence has no full stop';
  return saysNameAgain(sentence, name) ? 'its first sentence begins with its own name' : undefined;
}

/**
 * `The price card ...` for `PriceCard`, `Settles it.` for `settle`. After a name of one word a sentence
 * may still say something (`Anthropic's wire format.`), so there it counts if it adds too little.
 */
function saysNameAgain(sentence: string, name: string): boolean {
  const spoken = wordsOf(sentence.replace(/^(the|an?|this|our)\s+/i, ''));
  const words = wordsOf(name);
  const isRepeated = words.every((word, index) => {
    const said = spoken[index];
    return said !== undefined && [word, `${word}s`, `${word}es`].includes(said);
  });
  const added = spoken.slice(words.length).filter((word) => word.length > 3);
  return isRepeated && (words.length > 1 || added.length < ADDED_WORDS_MIN);
}

/** The lower-case words of a sentence or of a name in camel or snake case. */
export function wordsOf(text: string): string[] {
  return text
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}
