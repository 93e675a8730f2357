import { join, resolve } from 'node:path';
import type { NanoUsd } from '../../units/money.ts';
import { EXIT, defineCommand, type Answer, type World } from '../command.ts';
import { usageError } from '../usage-error.ts';
import { askAt } from './ask.ts';
import { DAYS_OF_A_MONTH } from './config-text.ts';
import { customerIn, headerPlace, type CustomerFound } from './customer.ts';
import { writeFiles } from './files.ts';
import { planOf, type Choices } from './plan.ts';
import { readProject, spendingWorkspaces, type Project } from './project.ts';
import { initJson, initText } from './told.ts';

/** `hardcap init`: from a project without caps to two lines. */
export const init = defineCommand({
  name: 'init',
  summary: 'Writes the configuration, the middleware and the CI check for a project',
  about: [
    'Reads the project (lockfile, frameworks, SDKs, models, languages), runs nothing in it, and ' +
      'writes budget-guard.config.json, enforcement-middleware for the framework that it uses, ' +
      'and ci-cost-simulation.sh. Then it prints the lines to change in the code, each with its ' +
      'file and number.',
    'Nothing is overwritten without --force: what is there with other content is kept, and the ' +
      'difference shown. All files are written or none.',
  ],
  options: {
    yes: { kind: 'flag', summary: 'Ask nothing: take the options and defaults' },
    dir: { kind: 'path', value: 'folder', summary: 'The project; default: this folder' },
    'global-usd': {
      kind: 'usd',
      default: '50',
      summary: `Dollars a day for everything; a month may cost ${DAYS_OF_A_MONTH} such days`,
    },
    'customer-usd': { kind: 'usd', default: '2', summary: 'Dollars a day for each customer' },
    'customer-header': {
      kind: 'text',
      value: 'header',
      summary: 'The customer stands in a header that your own proxy sets and strips',
    },
    fallback: { kind: 'flag', summary: 'Ask a cheaper model before a call is refused' },
    force: { kind: 'flag', summary: 'Replace files that are there with other content' },
    'dry-run': { kind: 'flag', summary: 'Show all of it and write nothing' },
  },
  examples: [
    { line: 'hardcap init --yes', does: 'with the default amounts, asking nothing' },
    {
      line: 'hardcap init --yes --customer-usd 0.50 --dir services/api',
      does: 'with less for each customer, in another folder',
    },
    { line: 'hardcap init --dry-run', does: 'what it would write and change' },
  ],
  no: 'a file is there with other content and was kept',
  async run({ options }, world): Promise<Answer> {
    const isDry = options['dry-run'];
    if (!options.yes && !isDry && !isPerson(world)) {
      throw usageError(
        'Nobody is at a terminal to be asked',
        'Say --yes to take the options and defaults, or --dry-run to see what they come to',
      );
    }
    const project = readProject(projectFolder(world.cwd, options.dir));
    const header = options['customer-header'];
    const customer: CustomerFound =
      header === undefined
        ? customerIn(project.code)
        : { place: headerPlace(header), isFound: true };
    const choices: Choices = {
      globalPerDay: options['global-usd'],
      customerPerDay: options['customer-usd'],
      mayFallBack: options.fallback,
      customer,
      isForced: options.force,
      now: world.clock(),
    };
    const isAsked = !options.yes && !isDry;
    const decided = isAsked ? await asked(choices, project, world) : choices;
    const plan = planOf(project, decided);
    if (!isDry) writeFiles(project.root, plan.files);
    const told = { project, plan, customer, isWritten: !isDry };
    const isKept = plan.files.some(({ state }) => state === 'kept');
    return {
      exit: isKept ? EXIT.no : EXIT.ok,
      json: initJson(told),
      text: (view) => initText(told, view),
    };
  },
});

function isPerson({ keys, err }: World): boolean {
  return keys.isTerminal && err.isTerminal;
}

/** The folder that was named, or the one workspace of it that calls a provider. */
function projectFolder(cwd: string, dir: string | undefined): string {
  const root = resolve(cwd, dir ?? '.');
  const project = readProject(root);
  if (project.sdks.length > 0 || project.workspaces.length === 0) return root;
  const spending = spendingWorkspaces(project);
  const [only] = spending;
  if (only === undefined) return root;
  if (spending.length === 1) return join(root, only);
  throw usageError(
    `Several packages of these workspaces call providers: ${spending.join(', ')}`,
    `Say which with --dir, for example --dir ${only}`,
  );
}

async function asked(choices: Choices, project: Project, world: World): Promise<Choices> {
  const asking = askAt(world);
  try {
    const globalPerDay = await asking.usd('Dollars a day for everything', choices.globalPerDay);
    const otherwise = lesser(choices.customerPerDay, globalPerDay);
    const customerPerDay = await asking.usd('Dollars a day for each customer', otherwise);
    const mayFallBack = await asking.yes(
      'Ask a cheaper model before a call is refused?',
      choices.mayFallBack,
    );
    const isWanted = await asking.yes(`Write the files in ${project.root}?`, true);
    if (!isWanted) throw usageError('The answer was no', 'Nothing was written');
    return { ...choices, globalPerDay, customerPerDay, mayFallBack };
  } finally {
    asking.close();
  }
}

function lesser(one: NanoUsd, other: NanoUsd): NanoUsd {
  return one < other ? one : other;
}
