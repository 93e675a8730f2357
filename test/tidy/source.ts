/** The tree as the tidy rules see it: every text file, and a syntax tree for each TypeScript file. */

import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** One text file of the repository. */
export interface TextFile {
  /** Relative to the repository, with forward slashes: `src/units/money.ts`. */
  readonly path: string;
  readonly text: string;
}

/** One TypeScript file with its syntax tree. */
export interface Source extends TextFile {
  readonly ast: ts.SourceFile;
}

/** The repository's root folder. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const FOLDERS_LEFT_OUT = new Set(['node_modules', '.git', 'dist', 'coverage', 'tmp']);
const TEXT_FILE = /(\.(ts|mts|js|mjs|json|md|yml|yaml|sh|html|css|sql|lua|txt|toml)|\/run)$/;
const TEXT_FILE_BY_NAME = /(^|\/)(\.[a-z]+ignore|\.[a-z]+rc|LICENSE)$/;

/** Every text file of the repository, in path order; generated and installed folders left out. */
export function textFiles(): TextFile[] {
  const paths = walk('').filter((path) => TEXT_FILE.test(path) || TEXT_FILE_BY_NAME.test(path));
  return paths.sort().map((path) => ({ path, text: readFileSync(`${ROOT}${path}`, 'utf8') }));
}

/** Parses the TypeScript files among `files`, generated data left out. */
export function parse(files: readonly TextFile[]): Source[] {
  return files
    .filter(({ path }) => /\.m?ts$/.test(path) && !path.startsWith('src/pricing/data/'))
    .map((file) => ({ ...file, ast: syntaxTree(file) }));
}

/** A sample in memory, for a rule's own test. */
export function sample(path: string, text: string): Source {
  return { path, text, ast: syntaxTree({ path, text }) };
}

/** Whether the path is of code that users import: in `src`, no test, no generated data. */
export function isLibrary(path: string): boolean {
  return isSource(path) && !isTest(path) && !path.startsWith('src/pricing/data/');
}

/** Whether the path lies in the source of this package or of one in `packages`. */
export function isSource(path: string): boolean {
  return /^(src|packages\/[^/]+\/src)\//.test(path);
}

/** Whether the path is of a test, or of a program that lint rules are tested on. */
export function isTest(path: string): boolean {
  return /\.(test|test-d)\.m?ts$/.test(path) || path.startsWith('test/') || isCorpus(path);
}

/** Whether the path is of a program that is wrong on purpose, for lint rules to find. */
export function isCorpus(path: string): boolean {
  return /^packages\/[^/]+\/corpus\//.test(path);
}

/** Where a finding is, and what it is: `src/a.ts:12: text`. */
export function finding(source: Source, node: ts.Node, text: string): string {
  const { line } = source.ast.getLineAndCharacterOfPosition(node.getStart(source.ast));
  return `${source.path}:${line + 1}: ${text}`;
}

/** Every node under `root` and itself, parents before children. */
export function nodes(root: ts.Node): ts.Node[] {
  const found: ts.Node[] = [];
  const waiting = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    found.push(node);
    const children: ts.Node[] = [];
    ts.forEachChild(node, (child) => void children.push(child));
    waiting.push(...children.toReversed());
  }
  return found;
}

/** What a file imports or re-exports, statically, dynamically or as a type. */
export function importsOf(source: Source): { readonly from: string; readonly node: ts.Node }[] {
  const found: { from: string; node: ts.Node }[] = [];
  for (const node of nodes(source.ast)) {
    const from = specifier(node);
    if (from !== undefined && ts.isStringLiteralLike(from)) found.push({ from: from.text, node });
  }
  return found;
}

function specifier(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return node.argument.literal;
  }
  if (!ts.isCallExpression(node)) return undefined;
  const isImport = node.expression.kind === ts.SyntaxKind.ImportKeyword;
  const loads = /^require$|(^|\.)getBuiltinModule$/.test(node.expression.getText());
  return isImport || loads ? node.arguments[0] : undefined;
}

function syntaxTree({ path, text }: TextFile): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
}

function walk(folder: string): string[] {
  return readdirSync(`${ROOT}${folder}`, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}${entry.name}`;
    if (entry.isDirectory()) return FOLDERS_LEFT_OUT.has(entry.name) ? [] : walk(`${path}/`);
    return entry.isFile() ? [path] : [];
  });
}
