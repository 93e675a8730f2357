/** Writes the JSON Schema of the files that `hardcap simulate` reads: `npm run docs:simulation`. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { answersField } from '../src/cli/simulate/answers.ts';
import { recordingField } from '../src/cli/simulate/recording.ts';
import { scenarioField } from '../src/cli/simulate/scenario.ts';
import type { JsonSchema } from '../src/policy/fields.ts';

/** Where the schema lies: it is published with the package. */
export const SIMULATION_SCHEMA_FILE = fileURLToPath(
  new URL('../simulation.schema.json', import.meta.url),
);

/** What each field means, by its name: the same name means the same wherever it stands. */
const NOTES: Readonly<Record<string, string>> = {
  $schema: 'This schema, for editors.',
  kind: 'What the file is.',
  version: 'The version of its form.',
  traffic: 'Kinds of calls that come at random, each at its own rate.',
  calls: 'Single calls. In a scenario a script that is called once a day.',
  rules: 'The first rule that fits a call says how long its answer is.',
  name: 'For people.',
  model: 'The exact model id; in traffic also several by weight: `{ "gpt-4o": 1 }`.',
  provider: 'Whose model it is.',
  route: 'The provider’s word for the endpoint: `messages`, `chat.completions`, `responses`.',
  scopes:
    'Who calls, by dimension. In traffic a value, several by weight, or ' +
    '`{ "count": 500, "skew": 1 }` for that many, by Zipf’s law.',
  calls_per_hour: 'One rate for all hours, or 24 from midnight in the configured time zone.',
  input_tokens: 'All input tokens of a call, cached ones too.',
  cached_input_tokens: 'How many of the input tokens are read from a cache.',
  output_tokens: 'How long the answer would be if nothing cut it.',
  max_output_tokens: 'The ceiling that the request names; answers are cut there.',
  duration_ms: 'How long the call is in flight, in milliseconds.',
  at_ms: 'Milliseconds since midnight; in a recording since its first call.',
  times: 'How often the call is made, at the same time.',
  body_bytes: 'Bytes of the request, of which its input is bounded.',
  usage: 'What was billed, by model that took part.',
  tokens: 'Billed tokens by class; each token is in one.',
  fees: 'Things billed by the piece.',
  service_tier: 'The tier that served.',
  is_fast: 'Whether it was served in Anthropic’s fast mode.',
  geo: 'The region that served, where it carries an uplift.',
  answers: 'How long answers were assumed to be, for people.',
  count: 'How many values there are.',
  skew: 'The exponent of Zipf’s law: 0 is even. Default 1.',
  median: 'Half of the numbers are below it.',
  sigma: 'The deviation of the logarithm.',
  min: 'The least of evenly spread numbers.',
  max: 'The largest of evenly spread numbers.',
  values: 'Numbers that were seen; one of them is drawn.',
};

/** The schema as it is published. */
export function simulationSchema(): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'hardcap simulate: a scenario, a recording, or lengths of answers',
    oneOf: [scenarioField, recordingField, answersField].map(({ schema }) => noted(schema)),
  };
}

/** The exact text of the file. */
export function simulationSchemaText(): string {
  return `${JSON.stringify(simulationSchema(), null, 2)}\n`;
}

function noted(schema: JsonSchema): JsonSchema {
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => {
      if (keyword === 'properties') return [keyword, notedFields(value as JsonSchema)];
      if (Array.isArray(value)) return [keyword, value.map(notedValue)];
      return [keyword, notedValue(value)];
    }),
  );
}

function notedValue(value: unknown): unknown {
  const isSchema = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isSchema ? noted(value as JsonSchema) : value;
}

function notedFields(fields: JsonSchema): JsonSchema {
  return Object.fromEntries(
    Object.entries(fields).map(([name, schema]) => {
      const description = NOTES[name];
      const own = notedValue(schema) as JsonSchema;
      return [name, description === undefined ? own : { description, ...own }];
    }),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(SIMULATION_SCHEMA_FILE, simulationSchemaText());
  console.log(`Wrote ${SIMULATION_SCHEMA_FILE}`);
}
