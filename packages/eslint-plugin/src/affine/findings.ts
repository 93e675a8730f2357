import type { TSESLint, TSESTree } from '@typescript-eslint/utils';

/** The rules over the one analysis. */
export type AffineRule =
  | 'no-use-after-move'
  | 'no-alias'
  | 'no-fan-out'
  | 'no-leaked-budget'
  | 'no-floating-reservation';

/** What one of the rules reports. */
export interface Finding {
  readonly rule: AffineRule;
  readonly messageId: string;
  readonly node: TSESTree.Node;
  readonly data: Readonly<Record<string, string>>;
  /** A change that may be what was meant. */
  readonly suggestion?: Suggestion | undefined;
}

/** A change that an editor may offer. */
export interface Suggestion {
  readonly messageId: string;
  readonly data: Readonly<Record<string, string>>;
  readonly fix: (fixer: TSESLint.RuleFixer) => TSESLint.RuleFix;
}

/** Takes findings down, each place once for each rule. */
export class Findings {
  readonly #byPlace = new Map<string, Finding>();
  #mutes = 0;

  get all(): readonly Finding[] {
    return [...this.#byPlace.values()];
  }

  /** Whether nothing is taken down at the moment: the ways through a loop are being tried. */
  get isMuted(): boolean {
    return this.#mutes > 0;
  }

  add(finding: Finding): void {
    const { rule, node } = finding;
    const place = `${rule}:${node.range[0]}:${node.range[1]}`;
    if (!this.isMuted && !this.#byPlace.has(place)) this.#byPlace.set(place, finding);
  }

  /** Runs `work` without taking anything down. */
  muted<T>(work: () => T): T {
    this.#mutes += 1;
    try {
      return work();
    } finally {
      this.#mutes -= 1;
    }
  }

  /** Runs `work` and takes down, wherever it is called from. */
  loud<T>(work: () => T): T {
    const before = this.#mutes;
    this.#mutes = 0;
    try {
      return work();
    } finally {
      this.#mutes = before;
    }
  }

  /** Drops what was taken down and proves to be said better elsewhere. */
  drop(isDropped: (finding: Finding) => boolean): void {
    for (const [place, finding] of this.#byPlace) {
      if (isDropped(finding)) this.#byPlace.delete(place);
    }
  }
}
