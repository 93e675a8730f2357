import type { ReportedEntry } from '../../open/report.ts';
import { countText, usdText } from '../books/money.ts';
import { isCount } from '../../units/count.ts';

/** One record of a store's journal in words. */
export interface DescribedEntry {
  /** ISO 8601, in UTC; empty where the record says none. */
  readonly at: string;
  readonly who: string;
  readonly what: string;
  readonly reason: string;
}

/** What a record says that was done, by whom and why. A record of a kind not known is named so. */
export function describeEntry({ entry }: ReportedEntry): DescribedEntry {
  const fields = isRecord(entry) ? entry : {};
  const { at, who, by, reason } = fields;
  return {
    at: typeof at === 'number' ? new Date(at).toISOString() : '',
    who: textOr(who) ?? textOr(by) ?? '',
    what: whatOf(fields),
    reason: textOr(reason) ?? '',
  };
}

type Fields = Readonly<Record<string, unknown>>;

function whatOf(fields: Fields): string {
  const { kind, scope, capId, holder, how, keys, resolves } = fields;
  switch (kind) {
    case 'raise': {
      const end = typeof fields['until'] === 'number' ? isoOf(fields['until']) : 'for good';
      const until = end === 'for good' ? end : `until ${end}`;
      return `raised ${String(capId)} of ${String(scope)} by ${sumsText(fields['by'])} ${until}`;
    }
    case 'adjust': {
      const [more, less] = [sumsText(fields['add']), sumsText(fields['subtract'])];
      const changes = [
        ...(more === NOTHING ? [] : [`added ${more}`]),
        ...(less === NOTHING ? [] : [`took ${less}`]),
      ];
      const call = typeof resolves === 'string' ? `resolved ${resolves}: ` : '';
      const accounts = Array.isArray(keys) ? keys.map(String).join(' ') : '';
      return `${call}${changes.join(', ') || 'changed nothing'} on ${accounts}`;
    }
    case 'close-scope':
      return `closed ${String(scope)}`;
    case 'reopen-scope':
      return `reopened ${String(scope)}`;
    case 'close-holder': {
      const [freed, charged] = [sumsText(fields['freed']), sumsText(fields['charged'])];
      const moved = `freed ${freed}, charged ${charged}`;
      return `ended process ${String(holder)} (${String(how)}): ${moved}`;
    }
    default:
      return `a record of a kind that is not known: ${String(kind)}`;
  }
}

const NOTHING = 'nothing';

function sumsText(value: unknown): string {
  if (!Array.isArray(value)) return NOTHING;
  const [usd, tokens, calls] = value.map((amount: unknown) => (isCount(amount) ? amount : 0));
  const parts = [
    ...(usd === undefined || usd === 0 ? [] : [usdText(usd)]),
    ...(tokens === undefined || tokens === 0 ? [] : [`${countText(tokens)} tokens`]),
    ...(calls === undefined || calls === 0 ? [] : [`${countText(calls)} calls`]),
  ];
  return parts.length === 0 ? NOTHING : parts.join(' and ');
}

function isoOf(at: number): string {
  return new Date(at).toISOString();
}

function textOr(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
