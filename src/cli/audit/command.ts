import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { nearestOf } from '../../policy/nearest.ts';
import { EXIT, defineCommand, type Answer, type World } from '../command.ts';
import { usageError } from '../usage-error.ts';
import { auditProject, isHit, type FailOn } from './audit.ts';
import { lintFindings } from './lint.ts';
import { POINTS } from './points.ts';
import { readProject } from './project.ts';
import { readRegisterReport, type EgressRow } from './register-report.ts';
import { auditJson } from './render/json.ts';
import { auditMarkdown } from './render/markdown.ts';
import { auditSarif } from './render/sarif.ts';
import { auditText } from './render/text.ts';
import { OWN_READER, typescriptReader } from './read/typescript-tokens.ts';
import { walk } from './read/walk.ts';

const ENGINES = ['auto', 'scanner', 'typescript', 'eslint'] as const;
const FORMATS = ['text', 'markdown', 'sarif'] as const;

/** `hardcap audit`: the checklist, executed. */
export const audit = defineCommand({
  name: 'audit',
  summary: 'Checks a project by the 12 points of the checklist',
  about: [
    'Reads the files of a project, never runs them, and says for each point pass, fail ' +
      'or not applicable, with the file and line that shows it.',
    'What is installed in the project (ESLint with eslint-plugin-hardcap, TypeScript) is ' +
      'used to read it; --engine scanner loads nothing from the project.',
  ],
  args: [
    {
      name: 'folder',
      summary: 'The project; default: this folder',
      isOptional: true,
      isPath: true,
    },
  ],
  options: {
    'fail-on': {
      kind: 'text',
      value: 'what',
      default: 'fail',
      summary: 'End with 1 on: fail, warn, never, or points by their ids (caps,egress)',
    },
    format: {
      kind: 'choice',
      choices: FORMATS,
      default: 'text',
      summary: 'How the answer is written',
    },
    report: {
      kind: 'texts',
      value: 'file',
      summary: 'What a run with HARDCAP_REPORT and hardcap/register wrote',
    },
    gateway: {
      kind: 'texts',
      value: 'host',
      summary: 'A host that is a gateway of hardcap, with or without its port',
    },
    engine: {
      kind: 'choice',
      choices: ENGINES,
      default: 'auto',
      summary: 'What reads JavaScript and TypeScript; auto: the best that is installed there',
    },
  },
  examples: [
    { line: 'hardcap audit', does: 'the 12 points for this folder' },
    {
      line: 'hardcap audit --format sarif > audit.sarif',
      does: 'for the code scanning of a forge',
    },
    { line: 'hardcap audit services/api --fail-on caps,egress', does: 'as a check of two points' },
    {
      line: 'hardcap audit --report egress.json --gateway gateway.internal:8080',
      does: 'with what a run has shown, and a gateway that guards other languages',
    },
  ],
  no: 'The audit found what --fail-on names',
  async run({ options, args: { folder = '.' } }, world): Promise<Answer> {
    const failOn = readFailOn(options['fail-on']);
    const root = folderAt(world, folder);
    const { report: reports } = options;
    const seen =
      reports.length === 0 ? undefined : reports.flatMap((path) => reportAt(world, path));
    const reader =
      options.engine === 'scanner' ? OWN_READER : (typescriptReader(root) ?? OWN_READER);
    if (options.engine === 'typescript' && reader === OWN_READER) {
      throw usageError(
        '--engine typescript: no TypeScript with a parser is installed in the project',
        'Install typescript there, or leave --engine out',
      );
    }
    const project = readProject(walk(root), reader);
    const lint =
      options.engine === 'auto' || options.engine === 'eslint'
        ? await lintFindings(root, project)
        : undefined;
    if (options.engine === 'eslint' && lint === undefined) {
      throw usageError(
        '--engine eslint: eslint, eslint-plugin-hardcap and @typescript-eslint/parser ' +
          'are not all installed',
        'Install them in the project, or leave --engine out',
      );
    }
    const done = auditProject(project, {
      now: world.clock(),
      gateways: options.gateway,
      seen,
      lint,
    });
    return {
      exit: isHit(done, failOn) ? EXIT.no : EXIT.ok,
      json: auditJson(done),
      text: (view) => {
        if (options.format === 'sarif') return auditSarif(done, ownVersion());
        return options.format === 'markdown' ? auditMarkdown(done) : auditText(done, view);
      },
    };
  },
});

/** What `--fail-on` means; throws `COMMAND_INVALID` for a point that does not exist. */
export function readFailOn(text: string): FailOn {
  if (text === 'fail' || text === 'warn' || text === 'never') return { kind: text };
  const known = POINTS.map(({ id }) => id);
  const ids = text.split(',').map((id) => id.trim());
  for (const id of ids) {
    if (known.includes(id)) continue;
    const nearest = nearestOf(id, ['fail', 'warn', 'never', ...known]);
    throw usageError(
      `--fail-on ${JSON.stringify(text)}: there is no point ${JSON.stringify(id)}`,
      nearest === undefined
        ? `Say fail, warn, never, or some of ${known.join(',')}`
        : `Did you mean ${nearest}`,
    );
  }
  return { kind: 'points', ids };
}

function folderAt({ cwd }: World, folder: string): string {
  const root = resolve(cwd, folder);
  const isFolder = statSync(root, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isFolder) throw usageError(`${folder} is no folder`, 'Name the folder of a project');
  return root;
}

function reportAt({ cwd }: World, path: string): readonly EgressRow[] {
  let text: string;
  try {
    text = readFileSync(resolve(cwd, path), 'utf8');
  } catch (error) {
    throw usageError(
      `--report ${path} cannot be read (${(error as Error).message})`,
      'Name the file that HARDCAP_REPORT named in the run',
    );
  }
  return readRegisterReport(path, text);
}

function ownVersion(): string {
  const path = new URL('../../../package.json', import.meta.url);
  const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const { version } = manifest as { readonly version?: unknown };
  return typeof version === 'string' ? version : '0.0.0';
}
