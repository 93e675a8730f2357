import { readFileSync } from 'node:fs';
import type { Incident } from '../../incidents/catalogue/incident.ts';
import { readCatalogue } from '../../incidents/catalogue/read.ts';
import { playsOf } from '../../incidents/replay/plan.ts';
import type { Play } from '../../incidents/replay/play.ts';

const FILE = new URL('../../incidents/catalogue.json', import.meta.url);

/** The catalogue as parsed JSON, new at every call, so that a test may spoil it. */
export function rawCatalogue(): unknown {
  return JSON.parse(readFileSync(FILE, 'utf8'));
}

/** The catalogue, read. */
export function catalogue(): readonly Incident[] {
  return readCatalogue(rawCatalogue());
}

/** One scenario by its id. */
export function incidentOf(id: string): Incident {
  const found = catalogue().find((incident) => incident.id === id);
  if (found === undefined) throw new Error(`The catalogue has no ${id}`);
  return found;
}

/** All ways of playing a scenario; fails where there is none. */
export function playsFor(incident: Incident): readonly Play[] {
  const plays = playsOf(incident);
  if ('reason' in plays) throw new Error(plays.reason);
  return plays;
}

/** One way of playing a scenario, by its name. */
export function playFor(id: string, variant = ''): Play {
  const found = playsFor(incidentOf(id)).find((play) => play.variant === variant);
  if (found === undefined) throw new Error(`${id} has no play "${variant}"`);
  return found;
}
