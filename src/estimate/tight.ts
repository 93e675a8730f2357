import { HARD_SIZER, type TextSizer } from './text-bytes.ts';

/**
 * A measure close to the true count, for `onShort: 'count'`: runs of characters of one class,
 * weighted so that the tokenizers it was checked against never count more, plus a margin. An
 * estimate, so it may be wrong for a tokenizer nobody has published; never above the hard measure.
 *
 * `factor`: what to multiply with beyond that, 1 or more: the model family's and the learned one.
 */
export function tightSizer(factor: number): TextSizer {
  const scale = Math.max(1, factor) * MARGIN;
  const tight = (value: string): number => Math.ceil(weightOf(value) * scale);
  return {
    text: (value) => Math.min(HARD_SIZER.text(value), tight(value)),
    json: (value) => {
      const hard = HARD_SIZER.json(value);
      return Math.min(hard, tight(JSON.stringify(value)));
    },
  };
}

/**
 * What a model's tokenizer takes beyond the measured families: Claude from 4.7 on up to 1.35 times
 * (migration notes of platform.claude.com). Whatever is not surely older counts as new.
 */
export function familyFactor(provider: string, model: string): number {
  if (provider !== 'anthropic') return 1;
  return OLDER_CLAUDE.test(model) ? 1 : NEWER_CLAUDE_FACTOR;
}

const OLDER_CLAUDE = /^claude-(?:2|3|(?:opus|sonnet|haiku)-4-(?:[0156]|\d{8}))(?:[.-]|$)/;
const NEWER_CLAUDE_FACTOR = 1.35;

const MARGIN = 1.1;

/** Character classes; a run is a stretch of one class. */
const LOWER = 0;
const UPPER = 1;
const DIGIT = 2;
const SPACE = 3;
const BREAK = 4;
const MARK = 5;
const WIDE = 6;

/** Letters and digits that change class without a space between are rarer than words. */
const TURN_WEIGHT = 0.3;

/** The weighted length in tokens, before margins. */
function weightOf(value: string): number {
  let weight = 0;
  let run = 0;
  let last = WIDE;
  for (let index = 0; index < value.length; index++) {
    const unit = value.charCodeAt(index);
    if (unit >= 0x80) {
      weight += runWeight(last, run) + wideWeight(unit);
      run = 0;
      last = WIDE;
      continue;
    }
    const kind = asciiClass(unit);
    if (kind === last) run++;
    else if (last === UPPER && kind === LOWER && run === 1) {
      last = LOWER;
      run = 2;
    } else {
      weight += runWeight(last, run) + (kind < SPACE && last < SPACE ? TURN_WEIGHT : 0);
      last = kind;
      run = 1;
    }
  }
  return weight + runWeight(last, run);
}

function asciiClass(unit: number): number {
  if (unit >= 97 && unit <= 122) return LOWER;
  if (unit >= 65 && unit <= 90) return UPPER;
  if (unit >= 48 && unit <= 57) return DIGIT;
  if (unit === 32) return SPACE;
  return unit === 10 || unit === 13 || unit === 9 ? BREAK : MARK;
}

function runWeight(kind: number, length: number): number {
  switch (kind) {
    case LOWER:
      return lowerWeight(length);
    case UPPER:
      return 0.4 + length * 0.6;
    case DIGIT:
      return 0.45 + length * 0.5;
    case SPACE:
      return length === 1 ? 0.2 : 1 + length / 16;
    case BREAK:
      return 0.5 + length * 0.5;
    case MARK:
      return 0.3 + length * 0.7;
    default:
      return 0;
  }
}

/** Words up to six letters are about one token; longer runs are taken as made of rarer pieces. */
function lowerWeight(length: number): number {
  if (length <= 6) return 0.85 + length * 0.07;
  return length <= 14 ? 1.27 + (length - 6) * 0.34 : 3.99 + (length - 14) * 0.58;
}

/** Tokens of one UTF-16 unit beyond ASCII; half a surrogate pair is half of four. */
function wideWeight(unit: number): number {
  if (unit < 0x100) return 1.6;
  if (unit < 0x250) return 1.9;
  if (unit < 0x800) return unit < 0x700 && !isMark(unit) ? 1.5 : 2;
  if (unit >= 0xd800 && unit <= 0xdfff) return 2;
  if (unit >= 0xac00 && unit <= 0xd7a3) return 2.7;
  const isEastAsian = unit >= 0x3000 && unit <= 0x9fff && (unit < 0x3400 || unit >= 0x4e00);
  return isEastAsian ? 2.4 : 3;
}

/** Combining marks, Hebrew points and Arabic signs. */
function isMark(unit: number): boolean {
  return (
    (unit >= 0x300 && unit <= 0x36f) ||
    (unit >= 0x483 && unit <= 0x489) ||
    (unit >= 0x591 && unit <= 0x5c7) ||
    (unit >= 0x600 && unit <= 0x61f) ||
    (unit >= 0x64b && unit <= 0x6ff)
  );
}
