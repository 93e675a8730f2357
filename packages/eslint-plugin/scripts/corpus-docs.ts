/**
 * Writes the figures of the corpus into `docs/measured.md`. Run it after a change of the rules or the
 * corpus: `npx tsx packages/eslint-plugin/scripts/corpus-docs.ts`. A test holds the page equal.
 */

import { lintCorpus } from './lint.ts';
import { corpusTable, writeBlock } from './measured.ts';

writeBlock('corpus', corpusTable(await lintCorpus()));
