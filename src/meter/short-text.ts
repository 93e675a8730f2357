const BACKSLASH = 0x5c;
const decoder = new TextDecoder();

/**
 * The raw bytes of one JSON string, up to a maximum, gathered from chunks split anywhere.
 * Serves keys and small values that are only compared, so a longer one simply has no text.
 */
export class ShortText {
  readonly #bytes: Uint8Array;
  #length = 0;

  constructor(bytesMax: number) {
    this.#bytes = new Uint8Array(bytesMax);
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  clear(): void {
    this.#length = 0;
  }

  append(bytes: Uint8Array, from: number, to: number): void {
    const room = this.#bytes.length - this.#length;
    if (this.#length < 0 || to - from > room) {
      this.#length = -1;
      return;
    }
    for (let at = from; at < to; at += 1) {
      this.#bytes[this.#length] = bytes[at] as number;
      this.#length += 1;
    }
  }

  /** The unescaped string; `undefined` when it was too long or is no JSON string. */
  read(): string | undefined {
    if (this.#length < 0) return undefined;
    let text = '';
    for (let at = 0; at < this.#length; at += 1) {
      const byte = this.#bytes[at] as number;
      if (byte === BACKSLASH || byte >= 0x80) return this.#unescape();
      text += String.fromCharCode(byte);
    }
    return text;
  }

  #unescape(): string | undefined {
    try {
      return JSON.parse(`"${decoder.decode(this.#bytes.subarray(0, this.#length))}"`) as string;
    } catch {
      // Equal to no planned text, which is all that is asked; reported as no text.
      return undefined;
    }
  }
}
