import type { Break } from './break.ts';

const SITE = ['test/docs/site.test.ts'];
const COMMANDS = ['test/docs/commands.test.ts'];
const PART = 'The documents';

/** Breaks of the pages: what leads to them, what is generated in them, what they tell to type. */
export const DOCS_BREAKS: readonly Break[] = [
  {
    part: PART,
    guarantee: 'Every page is in the navigation',
    file: 'scripts/docs/navigation.ts',
    find: "      'docs/near-cap.md',\n",
    replace: '',
    broken: 'one is left out',
    tests: SITE,
    title: 'leads to every page',
  },
  {
    part: PART,
    guarantee: 'A link that leads nowhere is left for the generator to find',
    file: 'scripts/docs/site.ts',
    find: 'if (isHere && !PUBLISHED.has(path)) return undefined;',
    replace: 'if (!PUBLISHED.has(path)) return undefined;',
    broken: 'it becomes plain text',
    tests: SITE,
    title: 'that lead nowhere',
  },
  {
    part: PART,
    guarantee: 'The reference of the configuration is that of the schema',
    file: 'scripts/docs/config-page.ts',
    find: "isRequired ? 'required' : preset",
    replace: 'preset',
    broken: 'it does not say what is required',
    tests: SITE,
    title: 'the reference of the configuration',
  },
  {
    part: PART,
    guarantee: 'The scale on paper follows from the published figures',
    file: 'scripts/docs/scale.ts',
    find: 'const store = direct * perPair;',
    replace: 'const store = direct;',
    broken: 'pairs are taken for messages',
    tests: SITE,
    title: 'the scale follows',
  },
  {
    part: PART,
    guarantee: 'Every command of a page runs',
    file: 'src/cli/balance/command.ts',
    find: '    over: {',
    replace: '    above: {',
    broken: 'an option is renamed, and a page still says the old name',
    tests: COMMANDS,
    title: 'hardcap balance --over 95',
  },
  {
    part: PART,
    guarantee: 'A command that nobody knows is found',
    file: 'docs/cli.md',
    find: 'npx hardcap help\n',
    replace: 'npx hardcaps help\n',
    broken: 'one names another program',
    tests: COMMANDS,
    title: 'is known: run here',
  },
];
