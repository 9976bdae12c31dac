/** A longer line is not the answer to a request. */
const longest = 16 * 1024 * 1024;

/**
 * Lines of a text that comes in pieces, taken one by one when there is time for it: a text of many megabytes is not split
 * at once.
 *
 * @example
 * const lines = new Lines();
 * lines.push('{"a":1}\n{"a"');
 * lines.next(); // '{"a":1}'
 * lines.next(); // undefined: the next one is not complete
 */
export class Lines {
  /** Characters that came and were not looked at. */
  unread = 0;
  #pieces: string[] = [];
  #at = 0;
  #begun = '';
  #tooLong = false;
  #ended = false;

  push(text: string): void {
    if (text === '') return;
    this.#pieces.push(text);
    this.unread += text.length;
  }

  /** Nothing more comes: what is there is a line too. */
  end(): void {
    this.#ended = true;
  }

  /** Forgets what is there. */
  clear(): void {
    this.#pieces = [];
    this.unread = 0;
    this.#at = 0;
    this.#begun = '';
  }

  /** The next line; undefined where there is none yet, or none any more. */
  next(): string | undefined {
    for (let [piece] = this.#pieces; piece !== undefined; [piece] = this.#pieces) {
      const end = piece.indexOf('\n', this.#at);
      const part = piece.slice(this.#at, end < 0 ? undefined : end);
      this.unread -= part.length + (end < 0 ? 0 : 1);
      this.#at = end + 1;
      if (end < 0 || end + 1 === piece.length) {
        this.#pieces.shift();
        this.#at = 0;
      }
      this.#tooLong ||= this.#begun.length + part.length > longest;
      this.#begun = this.#tooLong ? '' : this.#begun + part;
      if (end >= 0) return this.#take();
    }
    return this.#ended && this.#begun !== '' ? this.#take() : undefined;
  }

  #take(): string {
    const line = this.#begun;
    this.#begun = '';
    this.#tooLong = false;
    return line;
  }
}
