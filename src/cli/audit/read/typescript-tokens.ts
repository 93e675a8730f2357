import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Token, TokenKind, Tokens } from './token.ts';
import { scanTokens } from './scanner.ts';

/** The least that is asked of the `typescript` package of a project: versions 4 to 6 have it. */
interface TypeScript {
  readonly version: string;
  readonly ScriptTarget: { readonly Latest: number };
  readonly SyntaxKind: Readonly<Record<string, number | string>>;
  createSourceFile(name: string, text: string, target: number, hasParents: boolean): Node;
}

interface Node {
  readonly kind: number;
  getStart(file: Node): number;
  readonly end: number;
  getChildren(file: Node): readonly Node[];
}

/** A way of turning files into tokens, and its name for the evidence. */
export interface Reader {
  readonly name: string;
  read(path: string, text: string): Tokens;
}

/** The scanner of this package, which needs nothing installed. */
export const OWN_READER: Reader = {
  name: 'own scanner',
  read: (_path, text) => scanTokens(text),
};

/**
 * The parser of the project's own TypeScript; `undefined` where none that has one is installed in
 * the folder or above it.
 */
export function typescriptReader(folder: string): Reader | undefined {
  const typescript = installed(folder);
  if (typescript === undefined) return undefined;
  return {
    name: `typescript ${typescript.version}`,
    read: (path, text) => ({
      tokens: tokensOf(typescript, path, text),
      remarks: scanTokens(text).remarks,
    }),
  };
}

function installed(folder: string): TypeScript | undefined {
  try {
    const loaded: unknown = createRequire(join(folder, 'package.json'))('typescript');
    return isTypeScript(loaded) ? loaded : undefined;
  } catch {
    // Not installed, or not for this version of Node: the own scanner looks instead, and says so.
    return undefined;
  }
}

function isTypeScript(loaded: unknown): loaded is TypeScript {
  if (typeof loaded !== 'object' || loaded === null) return false;
  const { createSourceFile, SyntaxKind } = loaded as Partial<TypeScript>;
  return typeof createSourceFile === 'function' && typeof SyntaxKind === 'object';
}

function tokensOf(typescript: TypeScript, path: string, text: string): readonly Token[] {
  const { ScriptTarget, SyntaxKind } = typescript;
  const name = /\.[cm]?[jt]sx?$/.test(path) ? path : `${path}.ts`;
  const file = typescript.createSourceFile(name, text, ScriptTarget.Latest, false);
  const tokens: Token[] = [];
  const waiting: Node[] = [file];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const kindName = String(SyntaxKind[node.kind] ?? '');
    if (kindName.startsWith('JSDoc')) continue;
    const children = node.getChildren(file);
    if (children.length > 0) {
      waiting.push(...children.toReversed());
      continue;
    }
    const start = node.getStart(file);
    const piece = text.slice(start, node.end);
    if (piece === '' || kindName === 'SyntaxList' || kindName === 'JsxText') continue;
    const kind = kindOf(kindName, piece);
    // In types, where brackets nest, each `>` stands for itself.
    if (/^>{2,3}$/.test(piece)) {
      for (let at = 0; at < piece.length; at += 1) {
        tokens.push({ kind, text: '>', start: start + at });
      }
    } else tokens.push({ kind, text: piece, start });
  }
  return tokens;
}

/** By the first character: the names of kinds have aliases, and not the same in every version. */
function kindOf(name: string, piece: string): TokenKind {
  if (name === 'RegularExpressionLiteral') return 'regex';
  if (/^["']/.test(piece)) return 'text';
  if (/^(`|\}.)/s.test(piece)) return 'template';
  if (/^\.?\d/.test(piece)) return 'number';
  return /^[#\p{ID_Start}$_]/u.test(piece) ? 'name' : 'punct';
}
