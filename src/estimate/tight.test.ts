import { describe, expect, it } from 'vitest';
import { LEARNED_MODELS_MAX, LEARNED_RATIO_MAX, LearnedRatios } from './learned.ts';
import { HARD_SIZER } from './text-bytes.ts';
import { familyFactor, tightSizer } from './tight.ts';

/**
 * True counts: the larger of o200k_base and cl100k_base, counted with js-tiktoken 1.0.21 over the
 * text as it stands here.
 */
const COUNTED: readonly [kind: string, text: string, trueTokens: number][] = [
  [
    'English prose',
    'The ceiling holds because every attempt is bounded before it leaves, ' +
      'and the books balance after.',
    18,
  ],
  [
    'TypeScript',
    'export const addTokens = (left: Tokens, right: Tokens): Tokens => ' +
      'Math.min(left + right, MAX);',
    24,
  ],
  [
    'JSON',
    '{"id":"msg_01","usage":{"input_tokens":1024,"output_tokens":77},"stop_reason":null}',
    25,
  ],
  [
    'base64',
    'p2HVUWOuz7QUnc9Y0Be/ogPycOjIk0mVn4qGSzTAdCoEKd3YQxQEt4FGRw5uTxEpm1LnsdvngwdIGB4MYx3lYoGg',
    64,
  ],
  ['hex', '2a0e559e4dfbf4a2f9b4ac7aa3dfd065d47977ad1b984d0d2727328767a736e2e88b5d8b136d4aad', 52],
  [
    'digits',
    '02914325966875813244525616702213860839835885016761392712521551189380331750738088',
    27,
  ],
  ['UUIDs', '0b6c31f2-9a7e-4d53-8c0f-2e1d6a94b7f3 7f2d90aa-51ce-4b86-9e3d-c4410b7785e6', 60],
  [
    'random lower case',
    'fptbfunjydzgkdhqxpdqkwzzexxtdvryehwjcchcyyqruovmagxaeqyretnkaxklwsexmwmnuvvcoqbt',
    46,
  ],
  [
    'random upper case',
    'LXLWSNINYZSHVXALRTIYJLWDDGXWXTELQZVVZPXHTPTHATOKCVXLBVSFJXISKSCSQRTXFOEIGBLRXMLD',
    48,
  ],
  [
    'random letters',
    'lvbzQpiaBDAdbpgzmwXSEfAdNrDGmPdSobthRqaDPeZkbqmKTWJqeUDCPIVwFfWVCPkqMoJBgJjGTeCS',
    54,
  ],
  [
    'punctuation',
    ']]%[[_||=-,|?@&,@>!<,*/&[#)!#@_<<;>__++=)%;,[;,!?=!+.*(_?:/__?|.|_:^^];@]+((|+).',
    51,
  ],
  [
    'Vietnamese',
    'Tôi đang học cách sử dụng các mô hình ngôn ngữ lớn để xử lý văn bản tiếng Việt.',
    43,
  ],
  ['Arabic', 'تعمل نماذج اللغة الكبيرة على معالجة النصوص العربية بكفاءة متزايدة في كل عام.', 53],
  ['Hebrew', 'מודלי שפה גדולים מעבדים טקסטים בעברית ביעילות הולכת וגוברת בכל שנה.', 67],
  ['Russian', 'Большие языковые модели обрабатывают тексты на русском языке всё эффективнее.', 39],
  ['Hindi', 'बड़े भाषा मॉडल हर साल हिंदी पाठ को अधिक कुशलता से संसाधित करते हैं।', 66],
  ['Japanese', '速い茶色の狐がのろまな犬を飛び越える。予算は必ず守られる。', 40],
  ['Korean', '모든 시도는 떠나기 전에 한도가 정해지고 장부는 언제나 맞는다.', 33],
  ['Chinese', '每次请求在发出之前都有上限,账目始终平衡。', 22],
  [
    'random Hebrew letters',
    'ץגערבץשןדאםהפחהסעתזאךךיץכחחלבגדןתמץכףהרנברטהרטעכאולחףשבחבדיצכזגדםמגתחל',
    95,
  ],
  [
    'random Latin Extended',
    'ƷȤȌƮȷƣȞŝȆȽţǸǰȝŧǣȈŁǗǼĿƴƳǅƄĖȓȂıĈƓũźșŠǝȒťĵťǐŬŁčƓȵȎƍƻɉČƹłŒĞǕĳĹȧǶưȀČƱĴĨŖĸȜȍ',
    131,
  ],
  ['random Latin-1', 'òÞÐÆÕàçÅÎÇêÞ÷èóÑæÁÃÌÁØÿæÐÃýàÒëÁÌåÂÕÞÃÕõõçÚáÕÞÀÃîýòÕÅúÌòüóóêÒåöêçÍèÁ÷äÉ', 91],
  [
    'random CJK',
    '挛雨唡貏媩躍管肆幊痳粥囦槊鿖彬賋烢岼頵矌墯篪唣碹燬囷梍堠犲嬒傸姭蚿嬤泬釹稤鋼槠戫苇焄蘘鉎褤藀藛跬炑癢脆逝暲稩鱆蒋桼赨踘艮欵驾毉冐蕰馡冽荣垾圚',
    167,
  ],
  [
    'random Hangul',
    '쎛듄췷솔껥타뜭즌첗놑뒜웾륪탈곈셀숛썱퀬쏟퐮긞곛뒖뢊굆큈퍣눼즉쀡펨껨떘딳쀗몴옲늁튙쩍눮천줄읟벊숇쩠껒쑑놺갛뷁댣뤍녫뵊잧문퀀습뙏렟뛛짾옸쭁튼섕뼨',
    173,
  ],
  ['emoji', '🔱🐴🖇🗾💆😽👎😪😶🐽🕩👆😉📀👻🕃👋🖑😛🕄📿👛🖙🔻💧😂🔸📀🖑🐺', 82],
  [
    'private use',
    '\uf5bb\uf12a\ued0f\uf1b7\uf01f\ueb35\uf2b1\uefa4\ue354\uf3b3\uf043\ue696\ue60a\uf270' +
      '\uef22\ue41e\uf13a\uf234\uefe8\uf28a\ue861\uf696\uecc8\ue461\uee94\uee81\uf2e8\uf0eb' +
      '\uecc3\ued8f',
    90,
  ],
];

describe('tightSizer', () => {
  it.each(COUNTED)('is not below the true count of %s', (_kind, text, trueTokens) => {
    expect(tightSizer(1).text(text)).toBeGreaterThanOrEqual(trueTokens);
  });

  it('is closer than the hard measure where text is plain', () => {
    const prose = COUNTED.find(([kind]) => kind === 'English prose')?.[1] ?? '';
    expect(tightSizer(1).text(prose)).toBeLessThan(HARD_SIZER.text(prose) / 2);
  });

  it('is never above the hard measure, whatever the factor', () => {
    for (const [, text] of COUNTED) {
      for (const factor of [1, 1.35, 16, Number.POSITIVE_INFINITY]) {
        const sizer = tightSizer(factor);
        expect(sizer.text(text)).toBeLessThanOrEqual(HARD_SIZER.text(text));
        expect(sizer.json(text)).toBeLessThanOrEqual(HARD_SIZER.json(text));
      }
    }
  });

  it('a factor below 1, or none at all, changes nothing', () => {
    for (const factor of [0, -1, 0.5]) {
      expect(tightSizer(factor).text('some words here')).toBe(
        tightSizer(1).text('some words here'),
      );
    }
  });

  it('takes newer Claude models for 1.35 times, and an unknown one for newer', () => {
    expect(familyFactor('anthropic', 'claude-opus-4-6')).toBe(1);
    expect(familyFactor('anthropic', 'claude-sonnet-4-20250514')).toBe(1);
    expect(familyFactor('anthropic', 'claude-opus-4-7')).toBe(1.35);
    expect(familyFactor('anthropic', 'claude-sonnet-5')).toBe(1.35);
    expect(familyFactor('openai', 'gpt-4o')).toBe(1);
  });
});

describe('LearnedRatios', () => {
  it('keeps the largest ratio seen, and never one below 1', () => {
    const learned = new LearnedRatios();
    expect(learned.factor('m')).toBe(1);
    learned.observe('m', { realTokens: 50, tightTokens: 100 });
    expect(learned.factor('m')).toBe(1);
    learned.observe('m', { realTokens: 130, tightTokens: 100 });
    learned.observe('m', { realTokens: 110, tightTokens: 100 });
    expect(learned.factor('m')).toBe(1.3);
    expect(learned.factor('other')).toBe(1);
  });

  it('does not believe figures that cannot be meant, and forgets nothing for them', () => {
    const learned = new LearnedRatios();
    for (const tightTokens of [0, Number.NaN]) learned.observe('m', { realTokens: 9, tightTokens });
    expect(learned.factor('m')).toBe(1);
    learned.observe('m', { realTokens: 1e9, tightTokens: 1 });
    expect(learned.factor('m')).toBe(LEARNED_RATIO_MAX);
  });

  it('remembers a bounded number of models', () => {
    const learned = new LearnedRatios();
    for (let index = 0; index <= LEARNED_MODELS_MAX; index++) {
      learned.observe(`m${index}`, { realTokens: 2, tightTokens: 1 });
    }
    expect(learned.factor('m0')).toBe(2);
    expect(learned.factor(`m${LEARNED_MODELS_MAX}`)).toBe(1);
  });
});
