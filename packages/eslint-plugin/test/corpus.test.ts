import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { readManifest } from '../scripts/manifest.ts';
import { lintCorpus, type Linted } from '../scripts/lint.ts';
import { corpusTable, missedOf, readBlock } from '../scripts/measured.ts';

const LIMITS = readFileSync(new URL('../docs/limits.md', import.meta.url), 'utf8');

/** Of the bad programs, at least this part is reported. */
const REPORTED_MIN = 0.95;

let programs: readonly Linted[];

beforeAll(async () => {
  programs = await lintCorpus();
}, 300_000);

const ofVerdict = (verdict: 'good' | 'bad') => programs.filter((one) => one.verdict === verdict);

const isReported = (program: Linted) => missedOf(program).length === 0;

describe('the labelled corpus', () => {
  it('has at least 200 programs, good and bad ones of every rule, and the manifest lists them', () => {
    expect(programs.length).toBeGreaterThanOrEqual(200);
    const folders = [...new Set(programs.map(({ rule }) => rule))];
    for (const folder of folders.filter((one) => one !== 'nine' && one !== 'race')) {
      for (const verdict of ['good', 'bad'] as const) {
        expect(
          ofVerdict(verdict).some(({ rule }) => rule === folder),
          folder,
        ).toBe(true);
      }
    }
    expect(readManifest().map(({ file, hash }) => ({ file, hash }))).toEqual(
      programs.map(({ file, hash }) => ({ file, hash })),
    );
  });

  it('at least a third of it was written before the rules', () => {
    const before = readManifest().filter(({ written }) => written === 'before');
    expect(before.length * 3).toBeGreaterThanOrEqual(programs.length);
  });

  it('no rule reports a good program', () => {
    const reported = ofVerdict('good').flatMap(({ file, reports }) =>
      reports.map(({ line, rule, text }) => `${file}:${line} ${rule}: ${text}`),
    );
    expect(reported).toEqual([]);
  });

  it('at least 95 % of the bad programs are reported, on each line that they label', () => {
    const bad = ofVerdict('bad');
    const folders = [...new Set(bad.map(({ rule }) => rule))];
    const shares = folders.map((folder) => {
      const own = bad.filter(({ rule }) => rule === folder);
      return `${folder} ${own.filter(isReported).length}/${own.length}`;
    });
    const reported = bad.filter(isReported).length;
    console.log(
      `corpus: ${reported} of ${bad.length} bad programs reported ` +
        `(${((100 * reported) / bad.length).toFixed(1)} %), ${ofVerdict('good').length} good ones ` +
        `quiet; ${shares.join(', ')}`,
    );
    expect(reported / bad.length).toBeGreaterThanOrEqual(REPORTED_MIN);
  });

  it('what is missed is what docs/limits.md lists, no more and no less', () => {
    const missed = ofVerdict('bad').filter((program) => !isReported(program));
    const listed = [...LIMITS.matchAll(/^\| `([\w./-]+\.ts)` \|/gm)].map(([, file = '']) => file);
    expect(missed.map(({ file }) => file)).toEqual(listed.toSorted());
  });

  it('docs/measured.md has these figures', () => {
    expect(readBlock('corpus'), 'scripts/corpus-docs.ts').toBe(corpusTable(programs));
  });

  it('each of the nine compile-fail programs and of the delegation races is reported', () => {
    const shown = programs.filter(({ rule }) => rule === 'nine' || rule === 'race');
    expect(shown.filter(({ rule }) => rule === 'nine')).toHaveLength(9);
    for (const program of shown) {
      expect(program.labels.length, program.file).toBeGreaterThan(0);
      expect(missedOf(program), program.file).toEqual([]);
    }
  });
});
