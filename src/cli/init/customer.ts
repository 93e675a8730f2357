import type { CodeFile } from '../audit/read/code-file.ts';
import { spoken } from '../audit/read/token.ts';
import { usageError } from '../usage-error.ts';
import type { CustomerPlace } from './middleware-text.ts';

/** Where the customer's name stands, and whether the code showed it. */
export interface CustomerFound {
  readonly place: CustomerPlace;
  /** `false`: nothing in the code says who is asking, and the commonest place is assumed. */
  readonly isFound: boolean;
}

/** What authentication usually leaves on a request, the commonest first. */
const HOLDERS = ['user', 'auth', 'customer', 'account', 'session'];
/** What names a customer in it, the commonest first. */
const FIELDS = ['id', 'userId', 'sub', 'customerId', 'orgId', 'accountId', 'uid', '_id'];
const REQUESTS = new Set(['req', 'request', '_req', '_request']);
const HEADER = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** The header of `--customer-header`. Throws `COMMAND_INVALID` for what is no header's name. */
export function headerPlace(name: string): CustomerPlace {
  const lower = name.toLowerCase();
  if (HEADER.test(lower)) return { kind: 'header', name: lower };
  throw usageError(
    `--customer-header ${JSON.stringify(name)} is no name of a header`,
    'Say one like x-customer-id, which your own proxy sets and strips',
  );
}

/** Looks for what authentication leaves on a request: `req.user.id`, `c.set('user')`. */
export function customerIn(code: readonly CodeFile[]): CustomerFound {
  const seen = code.flatMap(sightingsIn);
  const holder = HOLDERS.find((name) => seen.some((one) => one.holder === name));
  if (holder === undefined) {
    return { place: { kind: 'property', holder: 'user', field: 'id' }, isFound: false };
  }
  const fields = seen.filter((one) => one.holder === holder).map((one) => one.field);
  const field =
    FIELDS.find((name) => fields.includes(name)) ?? (holder === 'auth' ? 'userId' : 'id');
  return { place: { kind: 'property', holder, field }, isFound: true };
}

interface Sighting {
  readonly holder: string;
  readonly field: string | undefined;
}

function sightingsIn({ source, calls }: CodeFile): Sighting[] {
  const isDot = (text: string) => text === '.' || text === '?.' || text === '!.';
  const properties = source.tokens.flatMap(({ text }, index) => {
    const holder = source.at(index + 2);
    if (!REQUESTS.has(text) || !isDot(source.at(index + 1)) || !HOLDERS.includes(holder)) return [];
    if (isDot(source.at(index + 3))) return [{ holder, field: source.at(index + 4) }];
    // `req.user = { id: ... }`
    const isMade = source.at(index + 3) === '=' && source.at(index + 4) === '{';
    const keys = isMade ? source.parts(index + 4).map(({ from }) => source.at(from)) : [];
    return [{ holder, field: FIELDS.find((name) => keys.includes(name)) }];
  });
  const variables = calls.flatMap(({ path, args }) => {
    const [first, second] = args;
    if (!/^(c|ctx|context)\.(set|get)$/.test(path) || first === undefined) return [];
    const token = source.tokens[first.from];
    const holder = token === undefined ? '' : (spoken(token) ?? '');
    if (!HOLDERS.includes(holder)) return [];
    const isMade = second !== undefined && source.at(second.from) === '{';
    const keys = isMade ? source.parts(second.from).map(({ from }) => source.at(from)) : [];
    return [{ holder, field: FIELDS.find((name) => keys.includes(name)) }];
  });
  return [...properties, ...variables];
}
