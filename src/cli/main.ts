#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { COMMANDS } from './commands.ts';
import { processWorld } from './frame/process-world.ts';
import { runProgram } from './frame/program.ts';

/** The program `hardcap`. */

const manifest: unknown = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
);
const version =
  typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
const program = { commands: COMMANDS, version };
process.exitCode = await runProgram(process.argv.slice(2), program, processWorld());
