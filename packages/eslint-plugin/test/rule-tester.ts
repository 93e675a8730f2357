import { RuleTester } from '@typescript-eslint/rule-tester';
import { afterAll, describe, it } from 'vitest';
import { CORPUS } from '../scripts/programs.ts';

RuleTester.afterAll = afterAll;
RuleTester.describe = describe;
// The first sample of a file waits for the types of every package that samples import.
RuleTester.it = (title, run) => it(title, run, 120_000);

/** A tester whose samples stand in the corpus, so that they may import what its programs do. */
export function typedTester(): RuleTester {
  return new RuleTester({
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.ts'], defaultProject: 'tsconfig.json' },
        tsconfigRootDir: CORPUS,
      },
    },
  });
}
