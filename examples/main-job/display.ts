import type { AccountBalance } from '../../src/index.ts';

/** What the display shows at one moment. */
export interface Snapshot {
  readonly elapsedMs: number;
  /** The global account first, then one a customer. */
  readonly accounts: readonly AccountBalance[];
  readonly sent: number;
  readonly settled: number;
  readonly refused: number;
  readonly openHolds: number;
  readonly running: number;
  readonly agents: number;
}

const BAR_WIDTH = 32;
const REDRAW_MS = 100;
const LINE_MS = 1_000;

/**
 * Shows a run while it goes: a table that redraws itself on a terminal, one line a second into a
 * pipe.
 */
export class LiveDisplay {
  readonly #snapshot: () => Snapshot;
  readonly #out: NodeJS.WriteStream;
  #timer: NodeJS.Timeout | undefined;
  #drawn = 0;

  constructor(snapshot: () => Snapshot, out: NodeJS.WriteStream = process.stdout) {
    this.#snapshot = snapshot;
    this.#out = out;
  }

  start(): void {
    const everyMs = this.#out.isTTY ? REDRAW_MS : LINE_MS;
    this.#draw();
    this.#timer = setInterval(() => this.#draw(), everyMs);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#draw();
  }

  #draw(): void {
    const snapshot = this.#snapshot();
    if (!this.#out.isTTY) {
      this.#out.write(`${oneLine(snapshot)}\n`);
      return;
    }
    const lines = table(snapshot, { rows: (this.#out.rows ?? 40) - 2, color: true });
    const up = this.#drawn > 0 ? `\u001b[${this.#drawn}A` : '';
    this.#out.write(up + lines.map((line) => `\u001b[2K${line}\n`).join('') + '\u001b[0J');
    this.#drawn = lines.length;
  }
}

/** The state in one line, for logs. */
export function oneLine(snapshot: Snapshot): string {
  const [global] = snapshot.accounts;
  const money =
    global === undefined
      ? ''
      : `spent ${usd(global.spend_usd)} held ${usd(global.held_usd)} of ${usd(global.cap_usd ?? 0)}  `;
  const seconds = (snapshot.elapsedMs / 1000).toFixed(1).padStart(5);
  return (
    `${seconds} s  ${money}sent ${snapshot.sent}  refused ${snapshot.refused}  ` +
    `open holds ${snapshot.openHolds}  agents ${snapshot.running}/${snapshot.agents}`
  );
}

/** The state as a table: one row an account, fullest first under the global one. */
export function table(
  snapshot: Snapshot,
  { rows, color }: { readonly rows: number; readonly color: boolean },
): readonly string[] {
  const [global, ...customers] = snapshot.accounts;
  const sorted = customers.toSorted((a, b) => used(b) - used(a));
  const shown = sorted.slice(0, Math.max(3, rows - 6));
  const hidden = sorted.length - shown.length;
  return [
    `  account              spent      held       cap   ${'spent'.padEnd(BAR_WIDTH - 4, ' ')}held`,
    ...(global === undefined ? [] : [row(global, color)]),
    ...shown.map((account) => row(account, color)),
    ...(hidden > 0 ? [`  ... and ${hidden} more accounts`] : []),
    '',
    `  ${oneLine(snapshot).trim()}`,
  ];
}

function row(account: AccountBalance, color: boolean): string {
  const name = account.scope.padEnd(16).slice(0, 16);
  const figures = [account.spend_usd, account.held_usd, account.cap_usd ?? 0]
    .map((figure) => usd(figure).padStart(9))
    .join(' ');
  return `  ${name} ${figures}   ${bar(account, color)}`;
}

function bar(account: AccountBalance, color: boolean): string {
  const cap = account.cap_usd ?? 0;
  const part = (amount: number) => (cap === 0 ? 0 : Math.min(1, amount / cap));
  const spent = Math.round(part(account.spend_usd) * BAR_WIDTH);
  const both = Math.round(part(account.spend_usd + account.held_usd) * BAR_WIDTH);
  const full = '█'.repeat(spent);
  const held = '▒'.repeat(Math.max(0, both - spent));
  const free = '·'.repeat(BAR_WIDTH - spent - held.length);
  if (!color) return full + held + free;
  const paint = spent + held.length >= BAR_WIDTH * 0.95 ? 31 : 32;
  return `\u001b[${paint}m${full}\u001b[33m${held}\u001b[0m${free}`;
}

function used(account: AccountBalance): number {
  return account.spent_nano_usd + account.held_nano_usd;
}

function usd(amount: number): string {
  return `$${amount.toFixed(amount < 1 ? 4 : 2)}`;
}
