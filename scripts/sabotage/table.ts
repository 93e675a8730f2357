import { AGENT_BREAKS } from './agent-breaks.ts';
import { ATTEMPT_BREAKS } from './attempt-breaks.ts';
import { AUDIT_BREAKS } from './audit-breaks.ts';
import { BOUND_BREAKS } from './bound-breaks.ts';
import type { Break } from './break.ts';
import { BUDGET_BREAKS } from './budget-breaks.ts';
import { CLI_BREAKS } from './cli-breaks.ts';
import { DOCS_BREAKS } from './docs-breaks.ts';
import { EXPECT_BREAKS } from './expect-breaks.ts';
import { GRANT_BREAKS } from './grant-breaks.ts';
import { HOLDER_BREAKS } from './holder-breaks.ts';
import { INIT_BREAKS } from './init-breaks.ts';
import { JOURNAL_BREAKS } from './journal-breaks.ts';
import { LEDGER_BREAKS } from './ledger-breaks.ts';
import { LINT_BREAKS } from './lint-breaks.ts';
import { LOOP_BREAKS } from './loop-breaks.ts';
import { MARK_BREAKS } from './mark-breaks.ts';
import { MIDDLEWARE_BREAKS } from './middleware-breaks.ts';
import { NEAR_CAP_BREAKS } from './near-cap-breaks.ts';
import { OPENING_BREAKS } from './opening-breaks.ts';
import { POSTGRES_BREAKS } from './postgres-breaks.ts';
import { RECONCILE_BREAKS } from './reconcile-breaks.ts';
import { REDIS_BREAKS } from './redis-breaks.ts';
import { REFUSAL_BREAKS } from './refusal-breaks.ts';
import { REGISTER_BREAKS } from './register-breaks.ts';
import { SCARCE_BREAKS } from './scarce-breaks.ts';
import { SHARED_BREAKS } from './shared-breaks.ts';
import { SIMULATE_BREAKS } from './simulate-breaks.ts';
import { SIMULATION_BREAKS } from './simulation-breaks.ts';
import { SQLITE_BREAKS } from './sqlite-breaks.ts';
import { WAIT_QUEUE_BREAKS } from './wait-queue-breaks.ts';

/** Parts in the order of the page: the seven promises, then what they stand on. */
const PARTS: readonly string[] = [
  '1. Admission',
  '2. Truth',
  '3. Every attempt',
  '4. Exactly once',
  '5. Nothing lost',
  '6. No needless no',
  '7. A refusal is final and legible',
  'The bound',
  'The meter',
  'Scopes and windows',
  'Loops and velocity',
  'Waiting',
  'Expected lengths and steps',
  'Budgets',
  'Agents',
  'Grants',
  'The lint rules',
  'Leases',
  'The SQLite store',
  'The Redis store',
  'The PostgreSQL store',
  'Operations',
  'Reconciliation',
  'Simulation of costs',
  'The command line',
  'HTTP middleware',
  'Whole processes',
  'The audit',
  'The kernel',
  'The judge',
  'The documents',
];

const ALL: readonly Break[] = [
  ...LEDGER_BREAKS,
  ...ATTEMPT_BREAKS,
  ...AUDIT_BREAKS,
  ...REFUSAL_BREAKS,
  ...BOUND_BREAKS,
  ...DOCS_BREAKS,
  ...EXPECT_BREAKS,
  ...HOLDER_BREAKS,
  ...JOURNAL_BREAKS,
  ...LOOP_BREAKS,
  ...BUDGET_BREAKS,
  ...AGENT_BREAKS,
  ...GRANT_BREAKS,
  ...LINT_BREAKS,
  ...MARK_BREAKS,
  ...MIDDLEWARE_BREAKS,
  ...NEAR_CAP_BREAKS,
  ...OPENING_BREAKS,
  ...CLI_BREAKS,
  ...INIT_BREAKS,
  ...POSTGRES_BREAKS,
  ...RECONCILE_BREAKS,
  ...REDIS_BREAKS,
  ...REGISTER_BREAKS,
  ...SCARCE_BREAKS,
  ...SHARED_BREAKS,
  ...SIMULATE_BREAKS,
  ...SIMULATION_BREAKS,
  ...SQLITE_BREAKS,
  ...WAIT_QUEUE_BREAKS,
];

/** Every guarantee with the break that its tests must notice, part by part. */
export const BREAKS: readonly Break[] = ALL.toSorted(
  (left, right) => PARTS.indexOf(left.part) - PARTS.indexOf(right.part),
);
