import { createRequire } from 'node:module';
import { join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Finding, LintFindings, LintedPoint } from './point.ts';
import { recordOf, type Project } from './project.ts';

/** Which point a rule of `eslint-plugin-hardcap` speaks for. */
const POINT_OF_RULE: Readonly<Record<string, LintedPoint>> = {
  'hardcap/no-unguarded-client': 'egress',
  'hardcap/no-swallowed-cap-error': 'refusals',
  'hardcap/require-output-ceiling': 'ceilings',
};

/** The least that is asked of ESLint 9 and 10. */
interface EsLint {
  readonly ESLint: {
    new (options: object): { lintFiles(paths: readonly string[]): Promise<readonly Result[]> };
    readonly version: string;
  };
}

interface Result {
  readonly filePath: string;
  readonly messages: readonly Message[];
}

interface Message {
  readonly ruleId: string | null;
  readonly message: string;
  readonly line?: number;
  readonly fatal?: boolean;
}

/** TypeScript files: the rules need types. */
const TYPED = /\.[cm]?tsx?$/;

/**
 * Runs the rules of `eslint-plugin-hardcap` over the TypeScript files of a project, where ESLint,
 * the plugin and the parser are installed in it; `undefined` otherwise. The project's own
 * configuration of ESLint is not loaded. Files that cannot be read with types are left to the
 * scanner.
 */
export async function lintFindings(
  root: string,
  { code, ownGuards }: Project,
): Promise<LintFindings | undefined> {
  const paths = code.map(({ path }) => path).filter((path) => TYPED.test(path));
  const installed = paths.length === 0 ? undefined : await load(root);
  if (installed === undefined) return undefined;
  const { eslint, plugin, parser } = installed;
  const linter = new eslint.ESLint({
    cwd: root,
    overrideConfigFile: true,
    errorOnUnmatchedPattern: false,
    overrideConfig: {
      files: ['**/*.ts', '**/*.tsx', '**/*.mts', '**/*.cts'],
      languageOptions: { parser, parserOptions: { projectService: true, tsconfigRootDir: root } },
      // Rules that are switched off count only with a reason, whoever looks.
      linterOptions: { noInlineConfig: true },
      plugins: { hardcap: plugin },
      rules: {
        'hardcap/no-unguarded-client': ['error', { guards: ownGuards }],
        'hardcap/no-swallowed-cap-error': 'error',
        'hardcap/require-output-ceiling': 'error',
      },
    },
  });
  const findings: Record<LintedPoint, Finding[]> = { egress: [], ceilings: [], refusals: [] };
  const files = new Set<string>();
  const tests = new Set(code.filter(({ isTest }) => isTest).map(({ path }) => path));
  for (const { filePath, messages } of await linter.lintFiles(paths)) {
    const path = relative(root, filePath).split(sep).join('/');
    if (messages.some(({ fatal }) => fatal === true)) continue;
    files.add(path);
    for (const { ruleId, message, line = 1 } of messages) {
      const point = POINT_OF_RULE[ruleId ?? ''];
      if (point === undefined) continue;
      const [what = message, ...rest] = message.split(/(?<=\.)\s+(?=[A-Z])/);
      const mend = rest.join(' ').replace(/\.$/, '');
      findings[point].push({
        level: tests.has(path) ? 'warn' : 'fail',
        place: { file: path, line },
        what: lowered(what.replace(/\.$/, '')),
        mend: mend === '' ? `see the rule ${ruleId ?? ''}` : lowered(mend),
      });
    }
  }
  if (files.size === 0) return undefined;
  const engine = `eslint ${eslint.ESLint.version} with eslint-plugin-hardcap ${installed.version}`;
  return { engine, files, findings };
}

async function load(root: string) {
  const require = createRequire(join(root, 'package.json'));
  try {
    const [eslint, plugin, parser] = await Promise.all(
      ['eslint', 'eslint-plugin-hardcap', '@typescript-eslint/parser'].map(async (name) => {
        const loaded: unknown = await import(pathToFileURL(require.resolve(name)).href);
        return loaded;
      }),
    );
    const { hardcap, rules } = recordOf({ ...(plugin as object) });
    const { meta } = recordOf(hardcap);
    const { version } = recordOf(meta);
    if (rules === undefined) return undefined;
    return {
      eslint: eslint as EsLint,
      plugin: hardcap ?? plugin,
      parser: parser as object,
      version: typeof version === 'string' ? version : 'of unknown version',
    };
  } catch {
    // Not all installed, or not for this version of Node: the scanner looks instead, and says so.
    return undefined;
  }
}

function lowered(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? `${text.charAt(0).toLowerCase()}${text.slice(1)}` : text;
}
