import type { Verification } from '../../open/report.ts';
import { EXIT, defineCommand, type Answer } from '../command.ts';
import { BOOKS_OPTIONS, withBooks } from '../books/books.ts';
import { countText } from '../books/money.ts';
import { usageError } from '../usage-error.ts';

/** What `hardcap verify --json` prints. */
export interface VerifyAnswer extends Verification {
  /** Whether the record with the hash of `--head` is in the journal; `null`: none was said. */
  readonly has_head: boolean | null;
}

/** `hardcap verify`. */
export const verify = defineCommand({
  name: 'verify',
  summary: 'Checks that every record of the journal is as it was written, and none is missing',
  about: [
    'Nobody can change, drop or swap a record and leave the chain of hashes whole. A journal ' +
      'that was cut at its end is noticed with --head: keep the printed head elsewhere, and give ' +
      'it the next time.',
  ],
  options: {
    head: {
      kind: 'text',
      value: 'hash',
      summary: 'The head of an earlier check, which must still be in the journal',
    },
    ...BOOKS_OPTIONS,
  },
  examples: [
    { line: 'hardcap verify', does: 'prints the head; exit code 1 when a record is wrong' },
    { line: 'hardcap verify --head "$(cat head.txt)"', does: 'notices that the end was cut, too' },
  ],
  no: 'the journal is not whole, or the head of --head is not in it',
  async run({ options }, world) {
    const { head } = options;
    if (head !== undefined && !/^[0-9a-f]{64}$/.test(head)) {
      throw usageError(`--head ${JSON.stringify(head)} is no SHA-256 in lower-case hex`, HEAD);
    }
    return await withBooks(options, world, async ({ operations }) => {
      const found = await operations.verify();
      if (head === undefined) return answerOf({ ...found, has_head: null });
      const records = await operations.journal();
      return answerOf({ ...found, has_head: records.some(({ hash }) => hash === head) });
    });
  },
});

const HEAD = 'Say the head that `hardcap verify` printed, or leave --head out';

function answerOf(json: VerifyAnswer): Answer<VerifyAnswer> {
  const isWhole = json.is_whole && json.has_head !== false;
  const faults = [
    ...json.faults,
    ...(json.has_head === false ? ['the record with the hash of --head is gone'] : []),
  ];
  return {
    exit: isWhole ? EXIT.ok : EXIT.no,
    json,
    text: ({ paint }) =>
      [
        isWhole
          ? `${paint.green('whole')}: ${countText(json.records)} records`
          : `${paint.red('not whole')}: ${countText(json.records)} records`,
        ...faults.map((fault) => `  ${fault}`),
        ...(json.head === null ? [] : [`head ${json.head}`]),
      ].join('\n'),
  };
}
