/** A Python file as calls and imports: for clients that no guard of TypeScript can hold. */

/** One call with its arguments as they are written. */
export interface PythonCall {
  /** `client.messages.create`, `OpenAI`. */
  readonly path: string;
  readonly args: string;
  readonly line: number;
}

/** What a Python file imports and calls. */
export interface PythonFile {
  /** The full name of each local name: `OpenAI` is `openai.OpenAI`. */
  readonly imports: ReadonlyMap<string, string>;
  /** Modules of which it takes everything: `from openai import *`. */
  readonly whole: readonly string[];
  readonly calls: readonly PythonCall[];
  /** Names that are given a value once, as written: `GATEWAY` is `os.environ["URL"]`. */
  readonly values: ReadonlyMap<string, string>;
}

/** Reads a Python file. Comments and texts are no code; what is in brackets belongs together. */
export function readPython(text: string): PythonFile {
  const code = withoutRemarks(text);
  const imports = new Map<string, string>();
  const whole: string[] = [];
  for (const [, module = '', names = ''] of code.bare.matchAll(
    /^[ \t]*from[ \t]+([\w.]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n;]+)/gm,
  )) {
    if (/^\s*\*/.test(names)) whole.push(module);
    for (const [, name = '', local] of names.matchAll(/(\w+)(?:[ \t]+as[ \t]+(\w+))?/g)) {
      imports.set(local ?? name, `${module}.${name}`);
    }
  }
  for (const [, names = ''] of code.bare.matchAll(/^[ \t]*import[ \t]+([^\n;]+)/gm)) {
    for (const [, module = '', local] of names.matchAll(/([\w.]+)(?:[ \t]+as[ \t]+(\w+))?/g)) {
      imports.set(
        local ?? module.split('.')[0] ?? module,
        local === undefined ? (module.split('.')[0] ?? '') : module,
      );
    }
  }
  const values = new Map<string, string>();
  for (const found of code.bare.matchAll(/^[ \t]*(\w+)(?:[ \t]*:[ \t]*[\w.[\]]+)?[ \t]*=(?!=)/gm)) {
    const from = found.index + found[0].length;
    const end = code.bare.indexOf('\n', from);
    values.set(found[1] ?? '', code.whole.slice(from, end < 0 ? undefined : end).trim());
  }
  return { imports, whole, values, calls: callsIn(code) };
}

interface PythonCode {
  /** Of the same length as the file: comments and the insides of texts are spaces. */
  readonly bare: string;
  /** Of the same length: only comments are spaces. */
  readonly whole: string;
}

const REMARK_OR_TEXT = new RegExp(
  [
    /#[^\n]*/,
    /[a-z]{0,2}("""|''')(?:\\[^]|(?!\1)[^])*\1/,
    /[a-z]{0,2}"(?:\\[^]|[^"\\\n])*"/,
    /[a-z]{0,2}'(?:\\[^]|[^'\\\n])*'/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'gi',
);

function withoutRemarks(text: string): PythonCode {
  const blank = (part: string) => part.replace(/[^\n]/g, ' ');
  const whole = text.replace(REMARK_OR_TEXT, (part) => (part.startsWith('#') ? blank(part) : part));
  const bare = whole.replace(REMARK_OR_TEXT, blank);
  return { bare, whole };
}

function callsIn({ bare, whole }: PythonCode): PythonCall[] {
  const found: PythonCall[] = [];
  for (const match of bare.matchAll(/(?<![\w.])([A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*)[ \t]*\(/g)) {
    const before = bare.slice(Math.max(0, match.index - 8), match.index);
    if (/\b(def|class)\s+$/.test(before)) continue;
    const open = match.index + match[0].length - 1;
    const close = closing(bare, open);
    const line = bare.slice(0, match.index).split('\n').length;
    const path = (match[1] ?? '').replace(/\s/g, '');
    found.push({ path, args: whole.slice(open + 1, close), line });
  }
  return found;
}

function closing(bare: string, open: number): number {
  let depth = 0;
  for (let at = open; at < bare.length; at += 1) {
    const char = bare[at] ?? '';
    if ('([{'.includes(char)) depth += 1;
    if (')]}'.includes(char)) depth -= 1;
    if (depth === 0) return at;
  }
  return bare.length;
}

/** The value of a named argument of a call, as written. */
export function keyword({ args }: PythonCall, name: string): string | undefined {
  const found = new RegExp(`(?:^|[,(\\s])${name}\\s*=(?!=)\\s*`).exec(args);
  if (found === null) return undefined;
  const rest = args.slice(found.index + found[0].length);
  let depth = 0;
  for (const [at, char] of Array.from(rest).entries()) {
    if ('([{'.includes(char)) depth += 1;
    if (')]}'.includes(char)) depth -= 1;
    if (char === ',' && depth === 0) return rest.slice(0, at).trim();
  }
  return rest.trim();
}

/** What is called, by the module it comes from: `openai.OpenAI` for `OpenAI`. */
export function fullName({ imports }: PythonFile, path: string): string {
  const [head = '', ...rest] = path.split('.');
  return [imports.get(head) ?? head, ...rest].join('.');
}
