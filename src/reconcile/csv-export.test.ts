import { describe, expect, it } from 'vitest';
import { parseCsv } from './csv.ts';
import { readCsvExport } from './csv-export.ts';

const fault = (read: () => unknown): unknown => {
  try {
    return read();
  } catch (error) {
    return error;
  }
};

describe('CSV', () => {
  it('takes commas, quotes and line ends inside quotes, a byte order mark and any line end', () => {
    const text = '\uFEFFname,"what, it says"\r\n"a ""b""","two\r\nlines"\n\nlast,\r\n';
    expect(parseCsv('CSV', text)).toEqual({
      heading: ['name', 'what, it says'],
      rows: [
        { name: 'a "b"', 'what, it says': 'two\r\nlines' },
        { name: 'last', 'what, it says': '' },
      ],
    });
  });

  it('reads a last row without a line end, and one that ends in a comma', () => {
    expect(parseCsv('CSV', 'a,b\n1,2').rows).toEqual([{ a: '1', b: '2' }]);
    expect(parseCsv('CSV', 'a,b\n1,').rows).toEqual([{ a: '1', b: '' }]);
  });

  it.each([
    ['a row with a field too many', 'a,b\n1,2\n1,2,3', 2],
    ['a row with a field too few', 'a,b\n1', 1],
    ['a column twice', 'a,a\n1,2', null],
    ['a quote that nothing closes', 'a,b\n"1,2', null],
    ['text behind a closing quote', 'a,b\n"1"x,2', null],
  ])('refuses %s', (_what, text, row) => {
    expect(fault(() => parseCsv('CSV', text))).toMatchObject({ code: 'REPORT_INVALID', row });
  });
});

// Headings and values as in exports that are public; names are made up. A backslash at the end of a
// line joins it to the next.
const CONSOLE_USAGE = `usage_date_utc,model_version,api_key,workspace,usage_type,context_window,\
usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,\
usage_input_tokens_cache_read,usage_output_tokens,web_search_count,inference_geo,speed
2026-08-05,claude-opus-5,"An app, a key",Default,standard,≤ 200k,46981,15969,0,12,16932,0,global,
2026-08-05,claude-opus-5,Other,Default,standard,≤ 200k,19,31,0,0,68,0,global,
`;
const CONSOLE_COST = `usage_date_utc,model,workspace,api_key,usage_type,context_window,\
token_type,cost_usd,list_price_usd,cost_type,inference_geo,speed,api_key_id,api_key_status
2026-08-04,Claude Haiku 4.5,Default,demo,message,≤ 200k,input_no_cache,0.05,0.05,token,\
not_available,,apikey_01,archived
2026-08-04,Claude Haiku 4.5,Default,demo,message,≤ 200k,output,0.02,0.02,token,not_available,,\
apikey_01,archived
`;
const DASHBOARD_USAGE = `start_time,end_time,start_time_iso,end_time_iso,project_id,\
num_model_requests,user_id,api_key_id,model,batch,service_tier,input_tokens,output_tokens,\
input_cached_tokens,input_uncached_tokens,input_text_tokens,output_text_tokens,\
input_cached_text_tokens,input_audio_tokens,input_cached_audio_tokens,output_audio_tokens,\
input_image_tokens,input_cached_image_tokens,output_image_tokens
1759622400,1759708800,2025-10-05T00:00:00+00:00,2025-10-06T00:00:00+00:00,proj_1,10.0,user-1,\
key_1,gpt-4o-2024-08-06,FALSE,default,59200.0,10646.0,5760.0,53440.0,53440.0,10646.0,5760.0,0.0,\
0.0,0.0,0.0,0.0,0.0
1759881600,1759968000,2025-10-08T00:00:00+00:00,2025-10-09T00:00:00+00:00,,,,,,,,,,,,,,,,,,,,
`;
const DASHBOARD_COST = `start_time,end_time,start_time_iso,end_time_iso,amount_value,\
amount_currency,line_item,project_id,organization_id,organization_name
1759622400,1759708800,2025-10-05T00:00:00+00:00,2025-10-06T00:00:00+00:00,0.8958740000000000,\
usd,"gpt-4o-2024-08-06, input",,org-1,Personal
1759622400,1759708800,2025-10-05T00:00:00+00:00,2025-10-06T00:00:00+00:00,\
0.000000000000000000000000000001,usd,"gpt-4o-2024-08-06, output",,org-1,Personal
1759968000,1760054400,2025-10-09T00:00:00+00:00,2025-10-10T00:00:00+00:00,,,,,,
`;
const MODELS = { 'Claude Haiku 4.5': 'claude-haiku-4-5' };

describe('exports', () => {
  it('the Claude Console’s usage', () => {
    expect(readCsvExport(CONSOLE_USAGE)).toEqual([
      {
        day: '2026-08-05',
        provider: 'anthropic',
        model: 'claude-opus-5',
        tokens: { input: 47_000, cacheWrite5m: 16_000, cacheRead: 12, output: 17_000 },
      },
    ]);
  });

  it('the Claude Console’s cost, whose cents may be off by one a line', () => {
    expect(readCsvExport(CONSOLE_COST, { models: MODELS })).toEqual([
      {
        day: '2026-08-04',
        provider: 'anthropic',
        model: 'claude-haiku-4-5',
        nanoUsd: 70_000_000,
        roundedBy: 20_000_000,
      },
    ]);
  });

  it('OpenAI’s usage, with days on which nothing was used', () => {
    expect(readCsvExport(DASHBOARD_USAGE)).toEqual([
      {
        day: '2025-10-05',
        provider: 'openai',
        model: 'gpt-4o-2024-08-06',
        calls: 10,
        tokens: { input: 53_440, cacheRead: 5_760, output: 10_646 },
      },
    ]);
  });

  it('OpenAI’s costs, exactly to their last decimal and rounded up once', () => {
    expect(readCsvExport(DASHBOARD_COST)).toEqual([
      { day: '2025-10-05', provider: 'openai', model: 'gpt-4o-2024-08-06', nanoUsd: 895_874_001 },
    ]);
  });

  it('a model named for people is refused until its id is said', () => {
    expect(fault(() => readCsvExport(CONSOLE_COST))).toMatchObject({
      code: 'REPORT_INVALID',
      source: 'Claude Console cost export',
      row: 1,
      field: 'model',
    });
  });

  it.each([
    ['a heading that nobody knows', 'date,model,cost\n2026-08-05,gpt-4o,1\n', null, 'heading'],
    ['nothing', '', null, 'heading'],
    ['a column that nobody knows', CONSOLE_USAGE.replace('speed', 'mood'), 1, 'mood'],
    [
      'a date of another form',
      CONSOLE_USAGE.replace('2026-08-05,', '08/05/2026,'),
      1,
      'usage_date_utc',
    ],
    ['part of a token', DASHBOARD_USAGE.replace('59200.0', '59200.5'), 1, 'input_tokens'],
    ['another currency', DASHBOARD_COST.replace(',usd,', ',eur,'), 1, 'amount_currency'],
    ['a credit', DASHBOARD_COST.replace('0.8958', '-0.8958'), 1, 'amount_value'],
    [
      'a cost without a line item',
      DASHBOARD_COST.replace('"gpt-4o-2024-08-06, input"', ''),
      1,
      'line_item',
    ],
    [
      'a kind of cost that nobody knows',
      CONSOLE_COST.replace(',token,', ',other,'),
      1,
      'cost_type',
    ],
  ])('refuses %s', (_what, text, row, field) => {
    const read = fault(() => readCsvExport(text, { models: MODELS }));
    expect(read).toMatchObject({ code: 'REPORT_INVALID', row, field });
  });
});
