import { LOOKED_UP, TIES } from '../data/vendors.ts';
import { vendorUses, type VendorUse, type VendorUses } from '../code/vendor-uses.ts';
import {
  NO_MODELS,
  WHOLE,
  spends,
  type Evidence,
  type Finding,
  type Point,
  type Terms,
} from '../point.ts';
import type { Place } from '../project.ts';

/** From this age on the map is said to be old. */
const DAYS_MAX = 180;

const DAY_MS = 86_400_000;

/** 11. Who is paid does not also own what is to hold the bill down. */
export const VENDORS_POINT: Point = {
  id: 'vendors',
  title: 'It is known who owns what the bill depends on',
  why:
    'Whoever sells the tokens earns by each one more. Where the same company also owns ' +
    'the runtime, the ' +
    'tool or the gateway between you and the bill, nobody in between has an interest in ' +
    'a small one.',
  looksAt: [
    'The runtime, command-line tools, SDKs, frameworks, gateways and observability that ' +
      'the project uses, with the company behind each',
    'The sellers of the models that the code asks',
    'Tools, runtimes and gateways that belong to the seller of a model in use; money of ' +
      'one of the companies in another',
    `Rows dated and sourced, looked up on ${LOOKED_UP}; owners that were not established ` +
      `are called unknown`,
  ],
  mend:
    'Keep caps, books and reconciliation outside of what the seller owns; read the rows ' +
    'that are flagged.',
  judge(project, terms) {
    if (!spends(project)) return NO_MODELS;
    const all = vendorUses(project);
    return {
      kind: 'judged',
      findings: [...shared(all), ...strangers(all), ...ties(all), ...old(terms)],
      evidence: [...all.uses.map(evidenceOf), ...[...all.sellers].map(soldBy)],
    };
  },
};

/** What stands between the project and the bill, and belongs to who is paid. */
function shared({ uses, sellers }: VendorUses): Finding[] {
  const paid = new Set([
    ...sellers.keys(),
    ...uses.filter(isSdk).map(({ vendor }) => vendor.owner),
  ]);
  return uses
    .filter((use) => !isSdk(use) && paid.has(use.vendor.owner))
    .map(({ vendor, place }) => ({
      level: vendor.kind === 'gateway' ? 'fail' : 'warn',
      place,
      what:
        `${vendor.name} (${vendor.kind}) belongs to ${vendor.owner}, who is paid for tokens here` +
        ` (${vendor.state === 'announced' ? 'deal announced ' : ''}${vendor.date}: ` +
        `${vendor.source})`,
      mend: 'let caps, books and reconciliation rest on something that this company does not own',
    }));
}

function isSdk({ vendor }: VendorUse): boolean {
  return vendor.kind === 'SDK';
}

function strangers({ strangers: found }: VendorUses): Finding[] {
  return found.map(({ name, place, isForDevelopment }) => ({
    level: isForDevelopment ? 'note' : 'warn',
    place,
    what: `${name} has to do with models by its name, and its owner is unknown`,
    mend: 'find out who owns it, and whether it sends anything',
  }));
}

/** Money of one company of the map in another, and of a third in two of them. */
function ties({ uses, sellers }: VendorUses): Finding[] {
  const places = new Map<string, Place>(sellers);
  for (const { vendor, place } of uses) {
    if (!places.has(vendor.owner)) places.set(vendor.owner, place);
  }
  const direct = TIES.filter(({ holder, of }) => places.has(holder) && places.has(of));
  const common = TIES.filter(
    (tie) =>
      !places.has(tie.holder) &&
      places.has(tie.of) &&
      TIES.some(
        (other) => other.holder === tie.holder && other.of !== tie.of && places.has(other.of),
      ),
  );
  return [...direct, ...common].map(({ kind, what, of, date, source }) => ({
    level: 'note',
    place: places.get(of) ?? WHOLE,
    what: `shared ${kind}: ${what} (${date}: ${source})`,
    mend: 'count the two as one where you spread a risk over both',
  }));
}

function old({ now }: Terms): Finding[] {
  const days = Math.floor((now - Date.parse(LOOKED_UP)) / DAY_MS);
  if (days <= DAYS_MAX) return [];
  const what = `the map of owners is ${days} days old`;
  return [{ level: 'warn', place: WHOLE, what, mend: 'update hardcap' }];
}

function evidenceOf({ vendor, place }: VendorUse): Evidence {
  const { name, kind, owner, date, source, state } = vendor;
  const how = state === 'announced' ? ', announced' : '';
  return { place, what: `${name} (${kind}): ${owner}${how}, ${date}, ${source}` };
}

function soldBy([owner, place]: readonly [string, Place]): Evidence {
  return { place, what: `models of ${owner}` };
}
