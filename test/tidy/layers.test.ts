import { describe, expect, it } from 'vitest';
import { ALSO, NODE, ONLY, RANK, folderCycles, layerFindings } from './layers.ts';
import { importsOf, parse, sample, textFiles } from './source.ts';

const sources = parse(textFiles());

describe('layers', () => {
  it('nothing imports upwards, across alternatives, the index, a package, or Node unlisted', () => {
    expect(layerFindings(sources)).toEqual([]);
  });

  it('no folders import each other in a circle', () => {
    expect(folderCycles(sources)).toEqual([]);
  });

  it('an exception joins two folders of one rank and carries its reason', () => {
    for (const edge of ALSO) expect(RANK[edge.from]).toBe(RANK[edge.to.split('/')[1] ?? '']);
    for (const row of [...ALSO, ...NODE, ...Object.values(ONLY)]) {
      expect(row.why).toMatch(/^[A-Z].*\.$/);
    }
  });

  it('every file that is listed for Node still uses it', () => {
    for (const { path } of NODE.filter((row) => row.path.endsWith('.ts'))) {
      const imports = sources.filter((file) => file.path === path).flatMap(importsOf);
      expect(
        imports.some(({ from }) => from.startsWith('node:')),
        path,
      ).toBe(true);
    }
  });
});

describe('the layers rule fires on', () => {
  it.each([
    ['an import upwards', 'src/units/a.ts', "import { x } from '../guard/guard.ts';"],
    ['an import of the same rank', 'src/pricing/a.ts', "import { x } from '../policy/cap.ts';"],
    ['a type import upwards', 'src/ledger/a.ts', "import type { X } from '../policy/cap.ts';"],
    ['a re-export upwards', 'src/kernel/a.ts', "export { x } from '../ledger/ledger.ts';"],
    ['a dynamic import upwards', 'src/errors/a.ts', "await import('../cli/main.ts');"],
    ['an import type upwards', 'src/meter/a.ts', "type X = import('../guard/guard.ts').X;"],
    ['the kernel importing errors', 'src/kernel/a.ts', "import { x } from '../errors/error.ts';"],
    [
      'the emulator sharing pricing',
      'src/emulator/a.ts',
      "import { x } from '../pricing/cost.ts';",
    ],
    ['the index', 'src/cli/a.ts', "import { x } from '../index.ts';"],
    ['an unknown folder', 'src/guard/a.ts', "import { x } from '../misc/x.ts';"],
    ['code outside src', 'src/guard/a.ts', "import { x } from '../../test/x.ts';"],
    ['an SDK', 'src/adapters/a.ts', "import Anthropic from '@anthropic-ai/sdk';"],
    ['a type of an SDK', 'src/adapters/a.ts', "import type OpenAI from 'openai';"],
    ['a database client', 'src/stores/sqlite/a.ts', "import Database from 'better-sqlite3';"],
    ['another store than memory', 'src/guard/a.ts', "import { x } from '../stores/redis/x.ts';"],
    ['Node past the import', 'src/guard/a.ts', "process.getBuiltinModule('node:fs');"],
    ['require', 'src/stores/sqlite/a.ts', "const pg = require('pg');"],
    ['Node in a pure layer', 'src/ledger/a.ts', "import { readFileSync } from 'node:fs';"],
    ['an unlisted Node module', 'src/guard/context.ts', "import { connect } from 'node:net';"],
    ['Node by its bare name', 'src/guard/context.ts', "import { connect } from 'net';"],
    [
      'one provider in another',
      'src/providers/openai/a.ts',
      "import { x } from '../anthropic/usage.ts';",
    ],
  ])('%s', (_name, path, text) => {
    expect(layerFindings([sample(path, text)])).toHaveLength(1);
  });

  it.each([
    ['downwards', 'src/guard/a.ts', "import { x } from '../units/money.ts';"],
    ['its own folder', 'src/guard/a.ts', "import { x } from './context.ts';"],
    ['what its alternatives share', 'src/providers/openai/a.ts', "import { x } from '../json.ts';"],
    ['the memory store', 'src/guard/a.ts', "import { x } from '../stores/memory/x.ts';"],
    ['a listed Node module', 'src/guard/context.ts', "import { x } from 'node:async_hooks';"],
    ['a test of anything', 'src/units/a.test.ts', "import { x } from '../guard/guard.ts';"],
    ['the index of everything', 'src/index.ts', "export { x } from './guard/guard.ts';"],
  ])('but not on %s', (_name, path, text) => {
    expect(layerFindings([sample(path, text)])).toEqual([]);
  });

  it('a circle through three folders', () => {
    const circle = [
      sample('src/units/a.ts', "import { x } from '../meter/a.ts';"),
      sample('src/meter/a.ts', "import { x } from '../ledger/a.ts';"),
      sample('src/ledger/a.ts', "import { x } from '../units/a.ts';"),
    ];
    expect(folderCycles(circle)).toContain('units -> meter -> ledger -> units');
  });
});
