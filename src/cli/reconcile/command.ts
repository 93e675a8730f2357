import { reconcile as compareRows, type Reconciliation } from '../../reconcile/compare.ts';
import { describeFinding } from '../../reconcile/finding.ts';
import { thresholdOf } from '../../reconcile/ratio.ts';
import { readRows, type SpendRow } from '../../reconcile/row.ts';
import { EXIT, defineCommand, type Answer, type View, type World } from '../command.ts';
import { BOOKS_OPTIONS, withBooks } from '../books/books.ts';
import { readTextFile } from '../books/file.ts';
import { countText, usdText } from '../books/money.ts';
import { tableOf } from '../frame/text.ts';
import { usageError } from '../usage-error.ts';
import { compareAccounts, type ComparedAccount } from './compare-accounts.ts';
import { REPORT_FORMS, readReport, type ReportForm } from './read-report.ts';

/** What `hardcap reconcile --json` prints: `rows` with `--log`, `accounts` without. */
export interface ReconcileAnswer {
  readonly is_clean: boolean;
  readonly accounts: readonly ComparedAccount[];
  readonly rows: Reconciliation['rows'];
}

/** `hardcap reconcile`. */
export const reconcile = defineCommand({
  name: 'reconcile',
  summary: 'Compares the books with what a provider itself reports, and names the difference',
  about: [
    'Reads reports of the usage and cost APIs of Anthropic and OpenAI (JSON, all pages of one ' +
      'report in one file as a list) and the CSV exports of both consoles. What no reader ' +
      'knows is refused.',
    'Without --log the accounts of UTC days are compared, of global, of providers and of models: ' +
      'a ledger keeps accounts and not calls. With the JSON of a SpendLog each model and day is ' +
      'compared, and findings say what the difference comes from.',
  ],
  args: [{ name: 'report', summary: 'Files of reports', isMany: true, isPath: true }],
  options: {
    threshold: {
      kind: 'text',
      value: 'percent',
      summary: 'A difference of more percent of what is booked counts',
      default: '1',
    },
    log: { kind: 'path', summary: 'What a SpendLog kept, as JSON, instead of the ledger' },
    form: { kind: 'choice', choices: REPORT_FORMS, summary: 'The form of the reports' },
    model: {
      kind: 'texts',
      value: 'name=id',
      summary: 'The id of a model that the Claude Console names for people',
    },
    ...BOOKS_OPTIONS,
  },
  examples: [
    { line: 'hardcap reconcile costs.json', does: 'the days of a report with the ledger' },
    {
      line: 'hardcap reconcile costs.json usage.json --log spend-log.json --threshold 0.5',
      does: 'by model and day, with what the difference comes from',
    },
  ],
  no: 'something differs by more than the threshold',
  async run({ options, rest }, world) {
    const { log, form, model, threshold: percent } = options;
    const threshold = percentOf(percent);
    const theirs = reported(rest, { form, models: modelsIn(model), world });
    if (log !== undefined) {
      const ours = readLog(log, world);
      return logAnswer(compareRows(ours, theirs, { thresholdPercent: percent }));
    }
    const accounts = await withBooks(options, world, async (books) =>
      compareAccounts(await books.rows({}), theirs, threshold),
    );
    if (accounts.length === 0) {
      throw usageError(
        'The ledger has no account of these UTC days for global, a provider or a model',
        "Add { scope: 'model', window: 'day', usd: 99, mode: 'observe' } to the caps, or use --log",
      );
    }
    return accountsAnswer(accounts);
  },
});

function percentOf(percent: string) {
  if (!/^\d{1,9}(\.\d{1,12})?$/.test(percent)) {
    throw usageError(
      `--threshold ${JSON.stringify(percent)} is no percentage`,
      'Say --threshold 1',
    );
  }
  return thresholdOf(percent);
}

function reported(
  paths: readonly string[],
  {
    form,
    models,
    world,
  }: {
    readonly form: ReportForm | undefined;
    readonly models: Readonly<Record<string, string>>;
    readonly world: World;
  },
): readonly SpendRow[] {
  const rows = paths.flatMap((path) =>
    readReport(path, readTextFile(path, world.cwd), { form, models }),
  );
  if (rows.length > 0) return rows;
  throw usageError(`${paths.join(', ')}: the report has no rows`, 'Say a report of other days');
}

function modelsIn(said: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    said.map((text) => {
      const sign = text.lastIndexOf('=');
      if (sign > 0 && sign < text.length - 1) return [text.slice(0, sign), text.slice(sign + 1)];
      const what = `--model ${JSON.stringify(text)} is not <name>=<id>`;
      throw usageError(what, "Say --model 'Claude Haiku 4.5=claude-haiku-4-5'");
    }),
  );
}

function readLog(path: string, { cwd }: World): readonly SpendRow[] {
  const text = readTextFile(path, cwd);
  let rows: unknown;
  try {
    rows = JSON.parse(text);
  } catch {
    // Told below: what is not JSON is no list either.
    rows = undefined;
  }
  if (Array.isArray(rows)) return readRows(rows);
  throw usageError(`${path} is no JSON list of rows`, 'Say the file of JSON.stringify(spendLog)');
}

function accountsAnswer(accounts: readonly ComparedAccount[]): Answer<ReconcileAnswer> {
  const isClean = accounts.every((account) => !account.is_over_threshold);
  return {
    exit: isClean ? EXIT.ok : EXIT.no,
    json: { is_clean: isClean, accounts, rows: [] },
    text: (view) => `${accountTable(accounts, view)}\n\n${verdictText(isClean, view)}`,
  };
}

function accountTable(accounts: readonly ComparedAccount[], view: View): string {
  const columns = [
    { title: 'day' },
    { title: 'scope' },
    { title: 'cap' },
    { title: 'booked', isNumber: true },
    { title: 'reported', isNumber: true },
    { title: 'difference', isNumber: true },
    { title: 'percent', isNumber: true },
    { title: '' },
  ] as const;
  const rows = accounts.map((account) => {
    const { unit, held, difference_percent: percent } = account;
    const show = (amount: number) =>
      unit === 'nano_usd' ? usdText(amount) : `${countText(amount)} ${unit}`;
    const isOff = account.is_over_threshold;
    return [
      account.day,
      account.scope,
      account.cap_id,
      show(account.booked),
      show(account.reported),
      { text: show(account.difference), paint: isOff ? view.paint.red : undefined },
      percent === null ? '-' : `${percent}%`,
      held === 0 ? '' : `${show(held)} held: not at rest`,
    ];
  });
  return tableOf(columns, rows, view);
}

function logAnswer({ rows, isClean }: Reconciliation): Answer<ReconcileAnswer> {
  const columns = [
    { title: 'day' },
    { title: 'provider' },
    { title: 'model' },
    { title: 'difference', isNumber: true },
    { title: 'percent', isNumber: true },
    { title: 'findings' },
  ] as const;
  return {
    exit: isClean ? EXIT.ok : EXIT.no,
    json: { is_clean: isClean, accounts: [], rows },
    text: (view) => {
      const lines = rows.map((row) => [
        row.day,
        row.provider,
        row.model,
        {
          text: row.driftNanoUsd === null ? '-' : usdText(row.driftNanoUsd),
          paint: row.isOverThreshold ? view.paint.red : undefined,
        },
        row.driftPercent === null ? '-' : `${row.driftPercent}%`,
        row.findings.map(describeFinding).join('; '),
      ]);
      return `${tableOf(columns, lines, view)}\n\n${verdictText(isClean, view)}`;
    },
  };
}

function verdictText(isClean: boolean, { paint }: View): string {
  return isClean
    ? paint.green('The books agree with the report.')
    : `${paint.red('The books differ from the report.')} See docs/reconciliation.md.`;
}
