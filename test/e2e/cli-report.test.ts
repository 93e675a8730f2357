import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import { parse, type DefaultTreeAdapterTypes as Tree } from 'parse5';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SpendReport } from '../../src/cli/report/spend-report.ts';
import { startEmulator, type Emulator } from '../../src/emulator/emulator.ts';
import { BudgetGuard, wrapAnthropic } from '../../src/index.ts';
import { openSqliteLedger } from '../../src/open/sqlite.ts';
import { epochMs, type EpochMs } from '../../src/units/time.ts';
import { hardcap, type Ran } from '../cli/terminal.ts';
import { CLAUDE } from './harness.ts';

const config = { global_cap_per_day_usd: 1, per_customer_cap_per_day_usd: 1 };
const DAYS = ['2026-11-20', '2026-11-21', '2026-11-22'];
/** Values that would be markup, a formula, or an order to a terminal. */
const ODD = ['<script>alert(1)</script>', '=HYPERLINK("x")', 'a"b,c', 'two\nlines'];
const CUSTOMERS = ['acme', 'globex', ...ODD];

let folder: string;
let emulator: Emulator;
/** What the provider billed on each day. */
const billedOn = new Map<string, number>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hardcap-report-'));
  emulator = await startEmulator({ reply: ({ index }) => ({ outputTokens: 10 + index }) });
  for (const day of DAYS) {
    const clock = (): EpochMs => epochMs(Date.parse(`${day}T10:00:00Z`))!;
    const ledger = openSqliteLedger({ path: join(folder, 'spend.db'), config, clock });
    const guard = new BudgetGuard(config, { ledger, clock });
    const base = { apiKey: 'x', baseURL: emulator.url, maxRetries: 0 };
    const client = wrapAnthropic(new Anthropic(base), guard);
    const before = billed();
    for (const customer of CUSTOMERS) {
      const messages = [{ role: 'user' as const, content: 'Hello' }];
      await guard.run({ customer }, () =>
        client.messages.create({ model: CLAUDE, max_tokens: 100, messages }),
      );
    }
    await guard.close();
    billedOn.set(day, billed() - before);
  }
});

afterAll(async () => {
  await emulator.close();
  rmSync(folder, { recursive: true });
});

const billed = () => Number(emulator.bill().totalNanoUsd);
const run = (...args: string[]): Promise<Ran> =>
  hardcap(['report', ...args], { cwd: folder, env: { HARDCAP_LEDGER: 'spend.db' } });

type Node = Tree.Node;
type Element = Tree.Element;

/** Every element, depth first. */
function elementsOf(root: Node): Element[] {
  const found: Element[] = [];
  const waiting: Node[] = [root];
  for (let node = waiting.shift(); node !== undefined; node = waiting.shift()) {
    if ('tagName' in node) found.push(node);
    if ('childNodes' in node) waiting.unshift(...node.childNodes);
  }
  return found;
}

const attribute = ({ attrs }: Element, name: string): string | undefined =>
  attrs.find((one) => one.name === name)?.value;

const textOf = (root: Element): string =>
  root.childNodes
    .map((node) => ('value' in node ? node.value : 'tagName' in node ? textOf(node) : ''))
    .join('');

/** The page as it parses, without any mistake that a parser has to mend. */
function parsed(html: string): Element[] {
  const mistakes: string[] = [];
  const page = parse(html, { onParseError: ({ code }) => mistakes.push(code) });
  expect(mistakes).toEqual([]);
  return elementsOf(page);
}

/** Sum of the figures of one class in one table of a section. */
function sumIn(section: Element, name: string): number {
  return elementsOf(section)
    .filter((one) => (attribute(one, 'class') ?? '').split(' ').includes(name))
    .reduce((sum, one) => sum + Number(attribute(one, 'data-nano')), 0);
}

describe('hardcap report', () => {
  it('is one page that loads nothing and runs nothing', async () => {
    const { exit, out, err } = await run();
    expect({ exit, err }).toEqual({ exit: 0, err: '' });
    const elements = parsed(out);
    const names = new Set(elements.map(({ tagName }) => tagName));
    for (const name of ['script', 'link', 'img', 'iframe', 'object', 'image', 'use']) {
      expect(names.has(name), name).toBe(false);
    }
    for (const element of elements) {
      for (const { name, value } of element.attrs) {
        expect(name).not.toMatch(/^(src|srcset|data|style|on.*)$/);
        if (name === 'href') expect(value).toMatch(/^#/);
      }
    }
    expect(out).not.toMatch(/url\(|@import/);
  });

  it('has the figures of the bill, by cap, by scope and by day', async () => {
    const elements = parsed((await run()).out);
    const sections = elements.filter(({ tagName }) => tagName === 'section');
    expect(sections).toHaveLength(2);
    for (const section of sections) expect(sumIn(section, 'spent')).toBe(billed());

    const customers = sections.find((one) => attribute(one, 'id') === 'cap-customer_2Fday')!;
    const rows = elementsOf(customers)
      .filter(({ tagName }) => tagName === 'tr')
      .slice(1);
    expect(rows).toHaveLength(CUSTOMERS.length * DAYS.length);
    for (const day of DAYS) {
      const ofDay = rows.filter((row) => textOf(row).includes(`${day} 00:00:00Z`));
      const sum = ofDay.reduce((total, row) => total + sumIn(row, 'spent'), 0);
      expect(sum, day).toBe(billedOn.get(day));
    }
    for (const cell of elementsOf(customers).filter(({ tagName }) => tagName === 'td')) {
      const nano = attribute(cell, 'data-nano');
      if (nano !== undefined) expect(textOf(cell)).toBe(dollars(Number(nano)));
    }
  });

  it('draws what the figures say: heights and widths are in proportion', async () => {
    const elements = parsed((await run()).out);
    const data = (await run('--json')).json<SpendReport>();
    const charts = elements.filter(({ tagName }) => tagName === 'svg');
    const chart = (name: string) =>
      elementsOf(charts.find((one) => attribute(one, 'aria-label') === name)!);

    const columns = chart('global/day by window').filter(({ tagName }) => tagName === 'rect');
    expect(columns).toHaveLength(DAYS.length);
    const most = Math.max(...billedOn.values());
    const tallest = Math.max(...columns.map((one) => Number(attribute(one, 'height'))));
    for (const [index, day] of DAYS.entries()) {
      const share = Number(attribute(columns[index]!, 'height')) / tallest;
      expect(share, day).toBeCloseTo((billedOn.get(day) ?? 0) / most, 2);
      expect(textOf(columns[index]!)).toContain(dollars(billedOn.get(day) ?? 0));
    }

    const bars = chart('customer/day by scope').filter(({ tagName }) => tagName === 'rect');
    const scopes = data.caps.find(({ cap_id: id }) => id === 'customer/day')!.scopes;
    expect(bars).toHaveLength(scopes.length);
    const widest = Number(attribute(bars[0]!, 'width'));
    for (const [index, { spent_nano_usd: spent }] of scopes.entries()) {
      const share = Number(attribute(bars[index]!, 'width')) / widest;
      expect(share).toBeCloseTo(spent / scopes[0]!.spent_nano_usd, 2);
    }
  });

  it('shows values that are markup as the text that they are', async () => {
    const { out } = await run();
    expect(out).not.toContain('<script>');
    const texts = parsed(out)
      .filter(({ tagName }) => tagName === 'td')
      .map(textOf);
    expect(texts).toContain('customer:<script>alert(1)</script>');
    expect(texts).toContain('customer:two\\u{a}lines');
  });

  it('--since and --until choose windows by their begin', async () => {
    const of = async (...args: string[]) => {
      const { caps } = (await run('--json', ...args)).json<SpendReport>();
      return caps.find(({ cap_id: id }) => id === 'global/day')?.spent_nano_usd ?? 0;
    };
    expect(await of()).toBe(billed());
    expect(await of('--since', DAYS[1]!, '--until', DAYS[2]!)).toBe(billedOn.get(DAYS[1]!));
    expect(await of('--since', DAYS[2]!)).toBe(billedOn.get(DAYS[2]!));
    expect(await of('--since', '2027-01-01')).toBe(0);
    const turned = await run('--since', DAYS[2]!, '--until', DAYS[1]!);
    expect(turned.exit).toBe(2);
    expect(turned.err).toContain('Say an earlier --since');
  });

  it('writes CSV whose sums are the bill, and whose texts are no formulas', async () => {
    const { exit } = await run('--csv', '--out', 'spend.csv');
    expect(exit).toBe(0);
    const rows = csvRows(readFileSync(join(folder, 'spend.csv'), 'utf8'));
    const [heading = [], ...lines] = rows;
    const column = (name: string) => heading.indexOf(name);
    const sum = (cap: string) =>
      lines
        .filter((line) => line[column('cap_id')] === cap)
        .reduce((total, line) => total + Number(line[column('spent_nano_usd')]), 0);
    expect(sum('global/day')).toBe(billed());
    expect(sum('customer/day')).toBe(billed());
    const scopes = new Set(lines.map((line) => line[column('scope')]));
    expect(scopes).toEqual(new Set(['global', ...CUSTOMERS.map((name) => `customer:${name}`)]));
    expect(lines.every((line) => line.length === heading.length)).toBe(true);
  });

  it('says where it wrote, and refuses a place that cannot be written', async () => {
    const { exit, out } = await run('--out', 'spend.html');
    expect(exit).toBe(0);
    expect(out).toBe(
      `Wrote spend.html: 2 caps, ${DAYS.length * (CUSTOMERS.length + 1)} windows.\n`,
    );
    parsed(readFileSync(join(folder, 'spend.html'), 'utf8'));
    const nowhere = await run('--out', 'no/such/folder.html');
    expect(nowhere.exit).toBe(2);
    expect(nowhere.err).toContain('Say another path');
  });
});

/** Dollars of whole nano-dollars, by string arithmetic of its own. */
function dollars(nano: number): string {
  const digits = String(nano).padStart(10, '0');
  const fraction = digits.slice(-9).replace(/0{1,7}$/, '');
  return `$${digits.slice(0, -9)}.${fraction}`;
}

/** CSV by RFC 4180. */
function csvRows(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    row.push(quoted?.replaceAll('""', '"') ?? bare ?? '');
    if (end === ',') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}
