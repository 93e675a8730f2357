/** One guarantee, broken once on purpose. */
export interface Break {
  /** Which promise or part it belongs to; rows with the same one stand together on the page. */
  readonly part: string;
  /** What holds while the code is whole. */
  readonly guarantee: string;
  /** The file that is broken, relative to the repository. */
  readonly file: string;
  /** The text that is replaced. It must stand in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** What the replacement does, for the page. */
  readonly broken: string;
  /** The test files that must notice, relative to the repository. */
  readonly tests: readonly string[];
  /** Runs only tests whose full title matches this regular expression, like vitest's `-t`. */
  readonly title?: string;
}
