/** Programs that know nothing of a guard, but for those that say so; one by name, its result as JSON. */

import * as failures from './failures.ts';
import * as holds from './holds.ts';
import * as processes from './processes.ts';
import * as programs from './programs.ts';
import * as ways from './ways.ts';

const name = process.argv[2] ?? '';
const all = { ...programs, ...failures, ...ways, ...processes, ...holds };
const program: unknown = Reflect.get(all, name);
if (typeof program !== 'function') throw new Error(`No program ${name}.`);
console.log(`RESULT ${JSON.stringify((await program()) ?? null)}`);
