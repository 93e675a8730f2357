/** Sizes: how long a file, a function and a line of `src` may be. */

import ts from 'typescript';
import { finding, isLibrary, isSource, isTest, nodes, type Source } from './source.ts';

/** Lines a library file may have. */
export const FILE_LINES_MAX = 400;

/** Lines a function may have, from its first word to its last brace; blank and comment lines free. */
export const FUNCTION_LINES_MAX = 70;

/** Columns a line may have. */
export const LINE_COLUMNS_MAX = 100;

const GENERATED = 'src/pricing/data/';
const COMMENT_OR_BLANK = /^\s*(\/\/.*|\/\*.*|\*.*)?$/;

/** Files that are too long. Tests may be longer: they are lists. */
export function longFiles(sources: readonly Source[]): string[] {
  return sources.filter(isCounted).flatMap(({ path, text }) => {
    const count = text.trimEnd().split('\n').length;
    return count <= FILE_LINES_MAX ? [] : [`${path}: ${count} lines`];
  });
}

/** Functions that are too long. */
export function longFunctions(sources: readonly Source[]): string[] {
  return sources.filter(isCounted).flatMap((source) =>
    nodes(source.ast)
      .filter((node) => ts.isFunctionLike(node) && 'body' in node && node.body !== undefined)
      .flatMap((node) => {
        const lines = node.getText(source.ast).split('\n');
        const count = lines.filter((line) => !COMMENT_OR_BLANK.test(line)).length;
        return count <= FUNCTION_LINES_MAX ? [] : [finding(source, node, `${count} lines`)];
      }),
  );
}

/** Lines that are too long; one that holds an address, which cannot be broken, is free. */
export function longLines(sources: readonly Source[]): string[] {
  return sources.filter(isWritten).flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => {
      const columns = Array.from(line).length;
      if (columns <= LINE_COLUMNS_MAX || line.includes('https://')) return [];
      return [`${path}:${index + 1}: ${columns} columns`];
    }),
  );
}

/** Relative imports that do not name the file as it is: with its `.ts`. */
export function importsWithoutExtension(sources: readonly Source[]): string[] {
  return sources.flatMap((source) =>
    nodes(source.ast).flatMap((node) => {
      if (!ts.isStringLiteral(node) || !isModuleName(node)) return [];
      const isRelative = node.text.startsWith('.');
      return isRelative && !node.text.endsWith('.ts') ? [finding(source, node, node.text)] : [];
    }),
  );
}

function isModuleName({ parent }: ts.StringLiteral): boolean {
  if (ts.isImportDeclaration(parent) || ts.isExportDeclaration(parent)) return true;
  if (ts.isLiteralTypeNode(parent)) return ts.isImportTypeNode(parent.parent);
  return ts.isCallExpression(parent) && parent.expression.kind === ts.SyntaxKind.ImportKeyword;
}

function isCounted({ path }: Source): boolean {
  return isLibrary(path) && !isTest(path);
}

function isWritten({ path }: Source): boolean {
  return isSource(path) && !path.startsWith(GENERATED);
}
