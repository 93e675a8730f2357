import type { Account } from '../../ledger/account.ts';
import type { EpochMs } from '../../units/time.ts';
import { EXIT, defineCommand, type Answer, type World } from '../command.ts';
import { AMOUNT_OPTIONS, amountOf, amountText, type SaidAmount } from '../books/amount.ts';
import { BOOKS_OPTIONS, withBooks } from '../books/books.ts';
import { usdText } from '../books/money.ts';
import {
  ORDER_OPTIONS,
  accountsMeant,
  carriedOut,
  doneText,
  isoOf,
  orderOf,
} from '../books/order.ts';
import { readScope } from '../books/scope.ts';
import { standingOf } from '../books/standing.ts';
import { printable } from '../frame/text.ts';
import { usageError } from '../usage-error.ts';

/** What `hardcap raise --json` prints. */
export interface RaiseAnswer {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The same order had been carried out before; nothing changed this time. */
  readonly repeated: boolean;
  readonly cap_id: string;
  readonly scope: string;
  readonly by_nano_usd: number | null;
  readonly by_tokens: number | null;
  readonly by_calls: number | null;
  /** ISO 8601, in UTC; `null`: for good. */
  readonly until: string | null;
  /** All raises of this cap and scope value that hold now, this one included. */
  readonly raised_nano_usd: number;
}

/** `hardcap raise`. */
export const raise = defineCommand({
  name: 'raise',
  summary: 'Raises a cap for one scope value, for a time',
  about: [
    'The raise comes on top of the configured amount, in all windows of the cap until it ends. ' +
      'Processes hear of it with their next message, within a second while they spend.',
  ],
  args: [{ name: 'scope', summary: 'global or <dimension>:<value>' }],
  options: {
    ...AMOUNT_OPTIONS,
    for: { kind: 'duration', summary: 'How long: a whole number of m, h, d or w' },
    until: { kind: 'instant', summary: 'Until when, instead of --for' },
    forever: { kind: 'flag', summary: 'For good, instead of --for' },
    cap: {
      kind: 'text',
      value: 'id',
      summary:
        'Which cap of the scope, by its id in `hardcap balance`; needed where it has several',
    },
    ...ORDER_OPTIONS,
    ...BOOKS_OPTIONS,
  },
  examples: [
    {
      line: "hardcap raise customer:acme --usd 5 --for 2h --reason 'ticket 7'",
      does: 'five dollars more for two hours',
    },
    {
      line: 'hardcap raise global --calls 100 --until 2026-12-01 --cap global/day --reason x',
      does: 'a hundred calls more a day until December',
    },
  ],
  async run({ options, args: { scope: typed = '' } }, world) {
    const scope = readScope(typed);
    const order = orderOf(options, world);
    const amount = amountOf(options);
    checkAmount(amount);
    const until = untilOf(options, order.at, world);
    return await withBooks(options, world, async (books) => {
      const { cap, usd, tokens, calls } = options;
      const spoken = {
        usd: usd !== undefined,
        tokens: tokens !== undefined,
        calls: calls !== undefined,
      };
      const named = cap === undefined ? { scope, spoken } : { scope, spoken, cap };
      const [account] = accountsMeant(await books.accounts(scope), named);
      const capId = account?.capId ?? '';
      const { operations } = books;
      const done = await carriedOut(order, () =>
        operations.raise({ ...order, ...amount, cap: capId, scope, until }),
      );
      const standing = standingOf(await operations.journal(), world.clock());
      const [raisedNow] = standing.raised(capId, scope);
      return answerOf(
        {
          ...done,
          cap_id: capId,
          scope,
          by_nano_usd: amount.nano_usd ?? null,
          by_tokens: amount.tokens ?? null,
          by_calls: amount.calls ?? null,
          until: until === null ? null : isoOf(until),
          raised_nano_usd: raisedNow,
        },
        { amount, account: books.configuredCaps().includes(capId) ? account : undefined },
      );
    });
  },
});

function checkAmount(amount: SaidAmount): void {
  const said = [amount.nano_usd, amount.tokens, amount.calls];
  if (said.every((part) => part === undefined || part === 0)) {
    throw usageError('The order does not say by how much', 'Say --usd 5 for five dollars more');
  }
}

function untilOf(
  {
    for: length,
    until,
    forever,
  }: {
    readonly for: number | undefined;
    readonly until: EpochMs | undefined;
    readonly forever: boolean;
  },
  at: number,
  { clock }: World,
): number | null {
  const said = [length !== undefined, until !== undefined, forever].filter(Boolean).length;
  if (said !== 1) {
    const what = said === 0 ? 'The order does not say for how long' : 'The order says it twice';
    throw usageError(what, 'Say one of --for 2h, --until 2026-12-01T00:00:00Z, --forever');
  }
  if (forever) return null;
  const end = until ?? at + (length ?? 0);
  if (end <= clock()) {
    throw usageError(`The raise would have ended at ${isoOf(end)}`, 'Say an end in the future');
  }
  return end;
}

function answerOf(
  json: RaiseAnswer,
  { amount, account }: { readonly amount: SaidAmount; readonly account: Account | undefined },
): Answer<RaiseAnswer> {
  const ceiling = account?.ceiling.usd;
  const before = ceiling === undefined ? '' : ` on top of the configured ${usdText(ceiling)}`;
  const end = json.until === null ? 'for good' : `until ${json.until}`;
  return {
    exit: EXIT.ok,
    json,
    text: ({ paint }) =>
      [
        `${paint.bold(printable(json.cap_id))} of ${paint.bold(printable(json.scope))}: ` +
          `${amountText(amount)} more, ${end}${before}.`,
        ...(json.raised_nano_usd === (json.by_nano_usd ?? 0)
          ? []
          : [`All raises that hold now: ${usdText(json.raised_nano_usd)}.`]),
        doneText(json),
      ].join('\n'),
  };
}
