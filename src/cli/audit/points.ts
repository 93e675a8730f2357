import { ALERTS } from './points/alerts.ts';
import { CAPS } from './points/caps.ts';
import { CEILINGS } from './points/ceilings.ts';
import { EGRESS } from './points/egress.ts';
import { FALLBACK } from './points/fallback.ts';
import { PRICES } from './points/prices.ts';
import { RECONCILIATION } from './points/reconciliation.ts';
import { REFUSALS } from './points/refusals.ts';
import { RETRIES } from './points/retries.ts';
import { SCOPES } from './points/scopes.ts';
import { STORE } from './points/store.ts';
import { VENDORS_POINT } from './points/vendors.ts';
import type { Point } from './point.ts';

/** The checklist: what `hardcap audit` executes and `docs/checklist.md` says, in this order. */
export const POINTS: readonly Point[] = [
  CAPS,
  SCOPES,
  EGRESS,
  CEILINGS,
  REFUSALS,
  RETRIES,
  PRICES,
  STORE,
  ALERTS,
  FALLBACK,
  VENDORS_POINT,
  RECONCILIATION,
];
