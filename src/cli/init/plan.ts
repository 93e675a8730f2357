import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { NanoUsd } from '../../units/money.ts';
import type { EpochMs } from '../../units/time.ts';
import { CONFIG_FILE } from '../books/config.ts';
import { applicationIn } from './application.ts';
import { configText } from './config-text.ts';
import type { CustomerFound } from './customer.ts';
import { codeEdits, dialectOf, type CodeEdits, type EditTerms } from './edits.ts';
import { planFiles, type PlannedFile } from './files.ts';
import { middlewareText, type Dialect, type Framework } from './middleware-text.ts';
import {
  foldersAbove,
  MIDDLEWARE_NAME,
  shownPath,
  type ModelNamed,
  type Project,
} from './project.ts';

/** What was decided, by options, answers or defaults. */
export interface Choices {
  readonly globalPerDay: NanoUsd;
  readonly customerPerDay: NanoUsd;
  readonly mayFallBack: boolean;
  readonly customer: CustomerFound;
  readonly isForced: boolean;
  readonly now: EpochMs;
}

/** Everything that the command would do and say. */
export interface Plan {
  readonly framework: Framework;
  readonly files: readonly PlannedFile[];
  readonly code: CodeEdits;
  readonly unpriced: readonly ModelNamed[];
  readonly hasFallback: boolean;
}

/** The script that is copied, as it lies in the package and as it lies in a project. */
const CI_SCRIPT = 'ci-cost-simulation.sh';
const CI_TEMPLATE = new URL(`../../../templates/${CI_SCRIPT}`, import.meta.url);

/** Works out the files and the lines to change. Reads, and writes nothing. */
export function planOf(project: Project, choices: Choices): Plan {
  const framework = frameworkOf(project);
  const app = framework === 'none' ? undefined : applicationIn(project.code, framework);
  const dialect =
    app === undefined ? projectDialect(project) : dialectOf(app.file, moduleDialect(project));
  const folder = app === undefined ? sourceFolder(project) : posix.dirname(app.file.path);
  const ending = endingOf(dialect, app?.file.path, project);
  const middleware = posix.join(folder, `${MIDDLEWARE_NAME}${ending}`);
  const config = configText({
    ...choices,
    schema: schemaPath(project.root),
    models: project.models,
  });
  const wanted = [
    { path: CONFIG_FILE, text: config.text, isProgram: false },
    {
      path: middleware,
      text: middlewareText({ framework, dialect, customer: choices.customer.place }),
      isProgram: false,
    },
    { path: CI_SCRIPT, text: readFileSync(CI_TEMPLATE, 'utf8'), isProgram: true },
  ];
  const code = codeEdits(project.code, { framework, middleware, ending: importEnding(project) });
  const files = planFiles(project.root, wanted, choices.isForced);
  const { unpriced, hasFallback } = config;
  return { framework, files, code, unpriced, hasFallback };
}

/** The first framework of which the code makes an application, else the first that is installed. */
function frameworkOf({ frameworks, code }: Project): Framework {
  const used = frameworks.find((name) => applicationIn(code, name) !== undefined);
  return used ?? frameworks[0] ?? 'none';
}

function moduleDialect({ isModule }: Project): Dialect {
  return isModule ? 'module' : 'commonjs';
}

function projectDialect(project: Project): Dialect {
  if (project.isTypeScript || project.tsconfig !== undefined) return 'typescript';
  const [first] = project.code;
  return first === undefined ? moduleDialect(project) : dialectOf(first, moduleDialect(project));
}

function sourceFolder({ code }: Project): string {
  return code.some(({ path }) => path.startsWith('src/')) ? 'src' : '';
}

/** The ending that the application's file has; else what the manifest makes of a plain one. */
function endingOf(dialect: Dialect, app: string | undefined, { isModule }: Project): string {
  const [ending = ''] = /\.[cm]?[jt]sx?$/.exec(app ?? '') ?? [];
  if (ending !== '') return ending.replace(/x$/, '');
  if (dialect === 'typescript') return '.ts';
  if (dialect === 'module') return isModule ? '.js' : '.mjs';
  return isModule ? '.cjs' : '.js';
}

/** How files of the project name each other; by `tsconfig.json` where none does yet. */
function importEnding({ code, tsconfig }: Project): EditTerms['ending'] {
  for (const { names } of code) {
    for (const module of names.modules) {
      const [, ending] = /^\.{1,2}\/.*?(\.[jt]s)?$/.exec(module) ?? [];
      if (ending === '.ts' || ending === '.js') return ending;
      if (module.startsWith('.')) return '';
    }
  }
  if (tsconfig === undefined) return '.ts';
  const says = (pattern: RegExp) => pattern.test(tsconfig);
  if (says(/"(allowImportingTsExtensions|rewriteRelativeImportExtensions)"\s*:\s*true/))
    return '.ts';
  return says(/"(module|moduleResolution)"\s*:\s*"(node16|node18|node20|nodenext)"/i) ? '.js' : '';
}

/** Where the schema lies for an editor: in the nearest `node_modules` that has the package. */
function schemaPath(root: string): string {
  const inside = 'node_modules/hardcap/budget-guard.schema.json';
  const folder = foldersAbove(root).find((above) => existsSync(join(above, inside))) ?? root;
  const path = shownPath(root, join(folder, inside));
  return path.startsWith('.') ? path : `./${path}`;
}
