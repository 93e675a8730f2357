import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type ts from 'typescript';

/** Folder -> the name of the package that it belongs to; a lint run asks for few folders often. */
const names = new Map<string, string | undefined>();

/**
 * The name that the package around a file gives itself, so that an alias (`npm:openai@7`), a linked
 * folder and a workspace are all known by it.
 */
export function packageOfFile(fileName: string): string | undefined {
  const passed: string[] = [];
  let folder = dirname(fileName);
  let name: string | undefined;
  for (let above = ''; above !== folder; above = folder, folder = dirname(folder)) {
    if (names.has(folder)) {
      name = names.get(folder);
      break;
    }
    passed.push(folder);
    name = nameIn(folder);
    if (name !== undefined) break;
  }
  for (const one of passed) names.set(one, name);
  return name;
}

/** The package in which a symbol is declared; `undefined` for one without a declaration. */
export function packageOf(symbol: ts.Symbol | undefined): string | undefined {
  const declaration = symbol?.declarations?.[0];
  return declaration === undefined
    ? undefined
    : packageOfFile(declaration.getSourceFile().fileName);
}

function nameIn(folder: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(join(folder, 'package.json'), 'utf8');
  } catch {
    // Most folders have none: the one above is asked next.
    return undefined;
  }
  // A `package.json` that only says `type` divides a package and does not name one.
  return /^\s*"name"\s*:\s*"([^"]+)"/m.exec(text)?.[1] ?? /"name"\s*:\s*"([^"]+)"/.exec(text)?.[1];
}
