import { decodeAttribute } from '../protobuf.ts';
import type { AttributeMap, AttributeValue } from '../request.ts';
import { interner } from './keys.ts';
import type { Pair } from './pair.ts';
import { readValue } from './value.ts';

const keys = interner();
/** Numbers that are kept of an attribute. */
const STRIDE = 5;
/** Where its frame starts, tag and length included; where its payload does; where both end; and its value. */
const FRAME_START = 0;
const START = 1;
const END = 2;
const VALUE_START = 3;
const VALUE_END = 4;

/**
 * The attributes of a span or a resource. Keys are read at once; values when they are asked for, because of most nobody
 * asks, and some are prompts of many kilobytes. Of doubled keys the last wins.
 *
 * It holds on to the bytes of the whole request: keep what was read, not this.
 */
export class ScannedAttributes implements AttributeMap {
  readonly #bytes: Buffer;
  readonly #pair: Pair;
  readonly #index = new Map<string, number>();
  readonly #places: number[] = [];
  readonly #read: (AttributeValue | undefined)[] = [];

  constructor(bytes: Buffer, pair: Pair) {
    this.#bytes = bytes;
    this.#pair = pair;
  }

  /** Takes the KeyValue in [start, end), whose frame (tag and length included) starts at `frameStart`. */
  add(frameStart: number, start: number, end: number): void {
    const { keyStart, keyEnd, valueStart, valueEnd } = this.#pair.read(start, end);
    this.#index.set(keys.text(this.#bytes, keyStart, keyEnd - keyStart), this.#places.length);
    this.#places.push(frameStart, start, end, valueStart, valueEnd);
  }

  /** The frames of all attributes that `isMeant` names, doubled ones too, in the order of the bytes. */
  eachFrame(isMeant: (key: string) => boolean, take: (start: number, end: number) => void): void {
    let some = false;
    for (const key of this.#index.keys()) some ||= isMeant(key);
    if (!some) return;
    for (let at = 0; at < this.#places.length; at += STRIDE)
      if (isMeant(this.#keyAt(at))) take(this.#place(at, FRAME_START), this.#place(at, END));
  }

  get(key: string): AttributeValue | undefined {
    const at = this.#index.get(key);
    return at === undefined ? undefined : this.#valueAt(at);
  }

  has(key: string): boolean {
    return this.#index.has(key);
  }

  get size(): number {
    return this.#index.size;
  }

  keys(): MapIterator<string> {
    return this.#index.keys();
  }

  *entries(): MapIterator<[string, AttributeValue]> {
    for (const [key, at] of this.#index) {
      const value = this.#valueAt(at);
      if (value !== undefined) yield [key, value];
    }
    return undefined;
  }

  *values(): MapIterator<AttributeValue> {
    for (const [, value] of this.entries()) yield value;
    return undefined;
  }

  [Symbol.iterator](): MapIterator<[string, AttributeValue]> {
    return this.entries();
  }

  forEach(take: (value: AttributeValue, key: string, map: AttributeMap) => void): void {
    for (const [key, value] of this) take(value, key, this);
  }

  #place(at: number, which: number): number {
    return this.#places[at + which] ?? 0;
  }

  #keyAt(at: number): string {
    const { keyStart, keyEnd } = this.#pair.read(this.#place(at, START), this.#place(at, END));
    return keys.text(this.#bytes, keyStart, keyEnd - keyStart);
  }

  /** Undefined for a value that makes no sense: that is as if it had not been sent. */
  #valueAt(at: number): AttributeValue | undefined {
    const index = at / STRIDE;
    const known = this.#read[index];
    if (known !== undefined) return known;
    const start = this.#place(at, VALUE_START);
    const value = start < 0 ? null : this.#readAt(at, start);
    this.#read[index] = value;
    return value;
  }

  #readAt(at: number, start: number): AttributeValue | undefined {
    try {
      return readValue(this.#bytes, start, this.#place(at, VALUE_END));
    } catch {
      // What the scanner does not read the library may.
      return decodeAttribute(this.#bytes.subarray(this.#place(at, START), this.#place(at, END)));
    }
  }
}
