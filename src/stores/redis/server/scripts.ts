import { APPLY } from './lua-apply.ts';
import { ARITHMETIC, FENCE } from './lua-common.ts';
import { ADVANCE, COMPLETE, CREATE, LOSE, PROBE, REINITIALISE } from './lua-epoch.ts';
import { BEGIN, CLAIM, CLOSED, DECLARED, END, ENLIST, OPEN } from './lua-holder.ts';
import {
  ADJUST,
  ENROL,
  FORGET,
  INTEND,
  MARK_SCOPE,
  PLACE,
  RAISE,
  RECORD,
  SET_SCOPE,
} from './lua-operation.ts';

/** Every script by name. Each is a few hundred lines at most and touches the keys of one slot. */
export const SCRIPTS = {
  apply: FENCE + ARITHMETIC + APPLY,
  open: FENCE + OPEN,
  enlist: FENCE + ENLIST,
  begin: FENCE + BEGIN,
  declared: FENCE + DECLARED,
  claim: FENCE + CLAIM,
  end: FENCE + ARITHMETIC + END,
  closed: FENCE + CLOSED,
  probe: FENCE + PROBE,
  create: FENCE + CREATE,
  advance: FENCE + ADVANCE,
  complete: FENCE + COMPLETE,
  lose: FENCE + LOSE,
  reinitialise: FENCE + REINITIALISE,
  place: FENCE + PLACE,
  enrol: FENCE + ENROL,
  setScope: FENCE + SET_SCOPE,
  markScope: FENCE + MARK_SCOPE,
  raise: FENCE + RAISE,
  adjust: FENCE + ARITHMETIC + ADJUST,
  intend: FENCE + INTEND,
  forget: FENCE + FORGET,
  record: FENCE + RECORD,
} as const;

/** The name of a script. */
export type ScriptName = keyof typeof SCRIPTS;

/** The names of all scripts. */
export const SCRIPT_NAMES = Object.keys(SCRIPTS) as readonly ScriptName[];

/** One use of a script; `said` travels as JSON. */
export interface ScriptCall {
  readonly script: ScriptName;
  readonly keys: readonly string[];
  readonly said: Readonly<Record<string, unknown>>;
}
