import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditProject, type Audit } from '../../src/cli/audit/audit.ts';
import { POINTS } from '../../src/cli/audit/points.ts';
import { readProject } from '../../src/cli/audit/project.ts';
import {
  OWN_READER,
  typescriptReader,
  type Reader,
} from '../../src/cli/audit/read/typescript-tokens.ts';
import { walk } from '../../src/cli/audit/read/walk.ts';
import { ROOT } from '../tidy/source.ts';
import { NOON } from './clock.ts';
import { PREPARED, type Prepared } from './manifest.ts';
import { filesOf, lineOf, unpack, type Unpacked } from './repo.ts';

const opened: Unpacked[] = [];
let parser: Reader | undefined;

beforeAll(() => {
  parser = typescriptReader(ROOT);
});

afterAll(() => {
  for (const one of opened) one.end();
});

function audited({ name, gateways }: Prepared, reader: Reader): Audit {
  const repository = unpack(filesOf(name));
  opened.push(repository);
  const project = readProject(walk(repository.folder), reader);
  return auditProject(project, { now: NOON, gateways, seen: undefined, lint: undefined });
}

/** What was planted, as `point level file:line`. */
function planted({ name, planted: all }: Prepared): string[] {
  const files = filesOf(name);
  return all
    .map(({ point, level, file, line }) => {
      return `${point} ${level} ${file}:${lineOf(files.get(file) ?? '', line)}`;
    })
    .sort();
}

/** What was found, notes left out, in the same form. */
function found({ points }: Audit): string[] {
  const all = points.flatMap(({ point, findings }) =>
    findings
      .filter(({ level }) => level !== 'note')
      .map(({ level, place }) => `${point.id} ${level} ${place.file}:${place.line}`),
  );
  return [...new Set(all)].sort();
}

describe.each(PREPARED)('the prepared repository $name', (prepared) => {
  it('shows every planted fault at its line, and nothing else', () => {
    const audit = audited(prepared, OWN_READER);
    expect(found(audit)).toEqual(planted(prepared));
    console.log(`${prepared.name}: ${prepared.planted.length} planted, all found, no other`);
  });

  it('shows the same to the parser of TypeScript', () => {
    if (parser === undefined) throw new Error('TypeScript is not installed here');
    expect(parser.name).toMatch(/^typescript \d/);
    expect(found(audited(prepared, parser))).toEqual(planted(prepared));
  });

  it('fails the points with a planted failure, and leaves out those with nothing to judge', () => {
    const { points } = audited(prepared, OWN_READER);
    const failing = new Set(
      prepared.planted.filter(({ level }) => level === 'fail').map(({ point }) => point),
    );
    for (const { point, status } of points) {
      const isNone = prepared.notApplicable.includes(point.id);
      const expected = isNone ? 'not applicable' : failing.has(point.id) ? 'fail' : 'pass';
      expect(status, point.id).toBe(expected);
    }
  });
});

describe('the set of prepared repositories', () => {
  it('has at least six, one perfect and one that fails all points but the fallback and the map', () => {
    expect(PREPARED.length).toBeGreaterThanOrEqual(6);
    const failing = (name: string): string[] => {
      const prepared = PREPARED.find((one) => one.name === name);
      const all = prepared?.planted.filter(({ level }) => level === 'fail') ?? [];
      return [...new Set(all.map(({ point }) => point))];
    };
    expect(failing('perfect')).toEqual([]);
    const ids = POINTS.map(({ id }) => id);
    expect(ids).toHaveLength(12);
    expect(failing('bypass').sort()).toEqual(
      ids.filter((id) => id !== 'fallback' && id !== 'vendors').sort(),
    );
  });

  it('plants at least one fault for every point', () => {
    const points = new Set(PREPARED.flatMap(({ planted: all }) => all.map(({ point }) => point)));
    expect([...points].sort()).toEqual(POINTS.map(({ id }) => id).sort());
  });
});
