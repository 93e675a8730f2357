/** Escapes from the type system and from the tests, and impurity where code must be pure. */

import ts from 'typescript';
import { finding, isCorpus, isLibrary, isTest, nodes, type Source } from './source.ts';

const UNITS = new Set(['NanoUsd', 'PicoUsd', 'Tokens', 'Calls', 'Bytes', 'EpochMs', 'DurationMs']);

/** Folders whose code is a pure function of what it is given: time, ids and I/O come in by ports. */
export const PURE =
  /^src\/(units|errors|kernel|ledger|budget|policy|pricing|estimate|meter|providers)\//;

/** The files that make time, which everything else is handed. */
export const PURE_EXCEPT: readonly { readonly path: string; readonly why: string }[] = [
  { path: 'src/units/time.ts', why: 'It is where the wall clock is read.' },
  {
    path: 'src/ledger/leases/system-time.ts',
    why: 'It is where intervals and timers come from.',
  },
];

const IMPURE =
  /^(Date\.now|performance\.now|Math\.random|crypto\.\w+|(globalThis\.)?(setTimeout|setInterval|setImmediate|queueMicrotask|fetch)|console\.\w+|process\.\w+)$/;

/** Casts to a unit outside `units`, where the only checks are. */
export function unitCasts(sources: readonly Source[]): string[] {
  return casts(sources)
    .filter(({ source }) => isLibrary(source.path) && !source.path.startsWith('src/units/'))
    .flatMap(({ source, node }) => {
      const unit = nodes(node.type).find(
        (part) => ts.isTypeReferenceNode(part) && UNITS.has(part.typeName.getText(source.ast)),
      );
      return unit === undefined
        ? []
        : [finding(source, node, `casts to ${unit.getText(source.ast)}`)];
    });
}

/** `any` as a type, anywhere in the tree. */
export function anyTypes(sources: readonly Source[]): string[] {
  return sources
    .filter(({ path }) => !isCorpus(path))
    .flatMap((source) =>
      nodes(source.ast)
        .filter(({ kind }) => kind === ts.SyntaxKind.AnyKeyword)
        .map((node) => finding(source, node, 'any')),
    );
}

/** Comments that switch the compiler off; an expected error must say what it expects. */
export function silencedCompiler(sources: readonly Source[]): string[] {
  return sources.flatMap((source) =>
    commentsOf(source).flatMap(({ text, line }) => {
      const found = /@ts-(ignore|nocheck|expect-error)(.*)/s.exec(text);
      if (found === null) return [];
      const [, name, rest = ''] = found;
      const isExplained = name === 'expect-error' && /[a-z]{3,}/i.test(rest);
      return isExplained && isTest(source.path) ? [] : [`${source.path}:${line}: @ts-${name}`];
    }),
  );
}

/** Tests that are the only ones to run, and tests that do not run without saying why. */
export function skippedTests(sources: readonly Source[]): string[] {
  return sources.flatMap((source) =>
    nodes(source.ast).flatMap((node) => {
      if (!ts.isPropertyAccessExpression(node) || !isTestChain(node)) return [];
      const name = node.name.text;
      if (name === 'only') return [finding(source, node, '.only')];
      if (!['skip', 'todo', 'skipIf', 'runIf', 'fails'].includes(name)) return [];
      return saysWhy(source, node) ? [] : [finding(source, node, `.${name} without a reason`)];
    }),
  );
}

/** Reads of the clock, randomness, timers and I/O in folders that must be pure. */
export function impureCalls(sources: readonly Source[]): string[] {
  return sources
    .filter(({ path }) => isLibrary(path) && PURE.test(path))
    .filter(({ path }) => !PURE_EXCEPT.some((row) => row.path === path))
    .flatMap((source) =>
      nodes(source.ast).flatMap((node) => {
        const isNow =
          ts.isNewExpression(node) &&
          node.expression.getText(source.ast) === 'Date' &&
          (node.arguments ?? []).length === 0;
        const isCall =
          ts.isCallExpression(node) && IMPURE.test(node.expression.getText(source.ast));
        return isNow || isCall ? [finding(source, node, node.getText(source.ast))] : [];
      }),
    );
}

/** Async code in the kernel, which must decide before anything else can run. */
export function asyncKernel(sources: readonly Source[]): string[] {
  return sources
    .filter(({ path }) => isLibrary(path) && path.startsWith('src/kernel/'))
    .flatMap((source) =>
      nodes(source.ast)
        .filter(
          (node) =>
            node.kind === ts.SyntaxKind.AsyncKeyword ||
            ts.isAwaitExpression(node) ||
            (ts.isIdentifier(node) && node.text === 'Promise'),
        )
        .map((node) => finding(source, node, node.getText(source.ast))),
    );
}

function casts(
  sources: readonly Source[],
): { readonly source: Source; readonly node: ts.AsExpression | ts.TypeAssertion }[] {
  return sources.flatMap((source) =>
    nodes(source.ast)
      .filter((node) => ts.isAsExpression(node) || ts.isTypeAssertionExpression(node))
      .map((node) => ({ source, node })),
  );
}

function commentsOf(source: Source): { readonly text: string; readonly line: number }[] {
  const found = new Map<number, { text: string; line: number }>();
  const { text, ast } = source;
  for (const node of nodes(ast)) {
    const ranges = [
      ...(ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []),
      ...(ts.getTrailingCommentRanges(text, node.getFullStart()) ?? []),
      ...(ts.getTrailingCommentRanges(text, node.getEnd()) ?? []),
    ];
    for (const { pos, end } of ranges) {
      const line = ast.getLineAndCharacterOfPosition(pos).line + 1;
      found.set(pos, { text: text.slice(pos, end), line });
    }
  }
  return [...found.values()];
}

/** Whether it hangs on `it`, `test` or `describe`, or on the context handed to a test. */
function isTestChain(node: ts.PropertyAccessExpression): boolean {
  let root: ts.Expression = node.expression;
  while (ts.isPropertyAccessExpression(root) || ts.isCallExpression(root)) root = root.expression;
  return (
    ts.isIdentifier(root) && /^(it|test|describe|suite|bench|ctx|context|task)$/.test(root.text)
  );
}

/** A reason is the last argument of `context.skip(...)`, or a comment `Skipped: ...` above the test. */
function saysWhy(source: Source, node: ts.PropertyAccessExpression): boolean {
  const call = node.parent;
  const root = node.expression.getText(source.ast);
  if (/^(ctx|context|task)$/.test(root) && ts.isCallExpression(call)) {
    const last = call.arguments.at(-1);
    return last !== undefined && (ts.isStringLiteralLike(last) || ts.isTemplateExpression(last));
  }
  const above = ts.getLeadingCommentRanges(source.text, statementOf(node).getFullStart()) ?? [];
  return above.some(({ pos, end }) => /Skipped: \S/.test(source.text.slice(pos, end)));
}

function statementOf(node: ts.Node): ts.Node {
  let statement: ts.Node = node;
  while (!ts.isStatement(statement) && !ts.isSourceFile(statement)) statement = statement.parent;
  return statement;
}
