import { Cursor, doubt, isMistyped, LENGTH_DELIMITED, tagOf } from './wire.ts';

/**
 * An attribute, a KeyValue:
 *
 *     | 1 key | length | text ... | 2 value | length | AnyValue ... |
 */
export const KEY = tagOf(1, LENGTH_DELIMITED);
export const VALUE = tagOf(2, LENGTH_DELIMITED);

/** Where key and value of the attribute stand that was read last: one such object serves a whole request. */
export class Pair {
  readonly #cursor: Cursor;
  keyStart = 0;
  keyEnd = 0;
  /** -1 for an attribute without a value. */
  valueStart = -1;
  valueEnd = -1;

  constructor(bytes: Buffer) {
    this.#cursor = new Cursor(bytes);
  }

  /** Reads the KeyValue in [start, end), by position alone. Of doubled keys the last counts. */
  read(start: number, end: number): this {
    const cursor = this.#cursor.within(start, end);
    this.keyStart = this.keyEnd = start;
    this.valueStart = this.valueEnd = -1;
    while (!cursor.isDone) {
      const tag = cursor.tag();
      if (tag !== KEY && tag !== VALUE) {
        if (isMistyped(tag, KEY) || isMistyped(tag, VALUE)) throw doubt;
        cursor.skip(tag & 7);
        continue;
      }
      const length = cursor.length();
      const from = cursor.at;
      cursor.at += length;
      if (tag === KEY) {
        this.keyStart = from;
        this.keyEnd = cursor.at;
      } else {
        // Two values would have to be merged.
        if (this.valueStart >= 0) throw doubt;
        this.valueStart = from;
        this.valueEnd = cursor.at;
      }
    }
    return this;
  }
}
