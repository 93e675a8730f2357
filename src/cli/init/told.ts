import type { View } from '../command.ts';
import { printable } from '../frame/text.ts';
import type { CustomerFound } from './customer.ts';
import { diffLines } from './diff.ts';
import type { LineEdit } from './edits.ts';
import type { PlannedFile } from './files.ts';
import type { Plan } from './plan.ts';
import type { Project } from './project.ts';

/** What `hardcap init --json` prints. */
export interface InitAnswer {
  readonly dir: string;
  readonly installer: string;
  readonly framework: string;
  readonly is_written: boolean;
  readonly files: readonly { readonly path: string; readonly state: PlannedFile['state'] }[];
  readonly edits: readonly {
    readonly file: string;
    /** From 1, of the file before any of the edits. */
    readonly line: number;
    /** The line that goes; `null`: none, the new one comes before it. */
    readonly remove: string | null;
    readonly insert: string;
  }[];
  readonly by_hand: readonly string[];
  readonly notes: readonly string[];
}

/** What the text and the JSON are made of. */
export interface Told {
  readonly project: Project;
  readonly plan: Plan;
  readonly customer: CustomerFound;
  readonly isWritten: boolean;
}

/** The answer as JSON. */
export function initJson(told: Told): InitAnswer {
  const { project, plan, isWritten } = told;
  return {
    dir: project.root,
    installer: project.installer,
    framework: plan.framework,
    is_written: isWritten,
    files: plan.files.map(({ path, state }) => ({ path, state })),
    edits: plan.code.edits.map(({ file, line, remove, insert }) => ({
      file,
      line,
      remove: remove ?? null,
      insert,
    })),
    by_hand: plan.code.byHand,
    notes: notesOf(told),
  };
}

/** The answer for people: the files, the lines to change, and what else to know. */
export function initText(told: Told, view: View): string {
  const { plan, isWritten } = told;
  const { paint } = view;
  const blocks = [
    [paint.bold(isWritten ? 'Files' : 'Files (a dry run: nothing was written)')].concat(
      plan.files.flatMap((file) => fileLines(file, isWritten, view)),
    ),
    codeLines(plan, view),
    [paint.bold('To know'), ...notesOf(told).map((note) => `  - ${printable(note)}`)],
  ];
  return blocks.map((lines) => lines.join('\n')).join('\n\n');
}

/** A line of a file, without what a terminal would obey; its tabs stay, to be copied. */
function shownLine(text: string): string {
  return text.split('\t').map(printable).join('\t');
}

function fileLines(file: PlannedFile, isWritten: boolean, { paint }: View): string[] {
  const { path, state, before, text } = file;
  const said = {
    create: isWritten ? 'created' : 'would be created',
    unchanged: 'is there already',
    kept: 'is there with other content and was kept; --force replaces it',
    replace: isWritten ? 'replaced' : 'would be replaced',
  } as const;
  const head = `  ${printable(path)}: ${said[state]}`;
  if (before === undefined || state === 'unchanged') return [head];
  const changes = diffLines(before, text).flatMap(({ kind, text: line }) => {
    if (kind === 'same') return [];
    const shown = shownLine(line);
    return [kind === 'added' ? paint.green(`    + ${shown}`) : paint.red(`    - ${shown}`)];
  });
  return [head, ...changes];
}

function codeLines({ code }: Plan, { paint }: View): string[] {
  const { edits, byHand, isDone } = code;
  if (edits.length === 0 && byHand.length === 0) {
    const said = isDone ? 'The code has its lines already.' : 'No client was found in the code.';
    return [paint.bold('Code'), `  ${said}`];
  }
  const count = NUMBERS[edits.length] ?? String(edits.length);
  const what = edits.length === 1 ? 'One line' : `${count} lines`;
  const title = edits.length === 0 ? 'To write by hand' : `${what} to change in the code`;
  const files = [...new Set(edits.map(({ file }) => file))];
  return [
    paint.bold(title),
    ...files.flatMap((file) => [
      `  ${printable(file)}`,
      ...editLines(
        edits.filter((edit) => edit.file === file),
        paint,
      ),
    ]),
    ...byHand.map((sentence) => `  ${printable(sentence)}`),
  ];
}

/** How a count begins a sentence. */
const NUMBERS: readonly (string | undefined)[] = ['No', 'One', 'Two', 'Three', 'Four'];

/** Lines to write, over the line of the file that they come before. */
function editLines(edits: readonly LineEdit[], paint: View['paint']): string[] {
  return edits.flatMap(({ line, remove, insert, beside }, index) => {
    const at = String(line).padStart(6);
    const gone = remove === undefined ? [] : [paint.red(`${at} - ${shownLine(remove)}`)];
    const isLast = edits[index + 1]?.line !== line;
    const below =
      remove === undefined && isLast ? [paint.dim(`${at}   ${shownLine(beside)}`.trimEnd())] : [];
    return [...gone, paint.green(`${at} + ${shownLine(insert)}`), ...below];
  });
}

/** What the person must know, each a sentence or two. */
function notesOf({ project, plan, customer }: Told): string[] {
  const notes: string[] = [];
  const { installer, dependencies, fetching, unmetered, ownGuard, otherLanguages, cutShort } =
    project;
  if (!dependencies.has('hardcap')) {
    notes.push(`hardcap is not among the dependencies yet: ${INSTALL[installer]} hardcap`);
  }
  if (plan.framework !== 'none' && !customer.isFound) {
    notes.push(
      'Nothing in the code says who is asking. Until `customerOf` returns a customer, all ' +
        'requests share one account, with the cap of one customer.',
    );
  }
  if (plan.framework === 'none') {
    notes.push(
      'No Express, Fastify or Hono was found: run each piece of work inside ' +
        "`guard.run({ customer: 'acme' }, ...)`, or all calls share one account.",
    );
  }
  for (const { provider, model } of plan.unpriced) {
    notes.push(
      `${model} of ${provider} has no price: its calls are refused until \`prices\` of the ` +
        'configuration has one.',
    );
  }
  if (plan.hasFallback) {
    notes.push('Cheaper models stand under `fallback`; they are asked where `onShort` lists it.');
  }
  if (ownGuard !== undefined) {
    notes.push(
      `${ownGuard} makes a guard already. Two guards keep books of their own: let the written ` +
        'file use that one.',
    );
  }
  if (fetching.length > 0) {
    notes.push(
      `${fetching.join(', ')}: no line above guards it. Pass ` +
        '`fetch: guardedFetch(guard)`, or start with `node --import hardcap/register`.',
    );
  }
  if (unmetered.length > 0) {
    notes.push(`${unmetered.join(', ')}: hardcap has no meter for it, so no cap counts its calls.`);
  }
  for (const { language, place } of otherLanguages) {
    notes.push(`${language} calls a provider too (${place}), outside of these caps.`);
  }
  if (cutShort !== undefined) notes.push(`The folder was not read to its end: ${cutShort}.`);
  notes.push('Books live in the process. Several processes share caps by a durable ledger.');
  notes.push('`npx hardcap audit` shows what else spends.');
  return notes;
}

const INSTALL: Readonly<Record<Project['installer'], string>> = {
  npm: 'npm install',
  pnpm: 'pnpm add',
  yarn: 'yarn add',
  bun: 'bun add',
};
