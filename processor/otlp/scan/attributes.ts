import { decodeAttribute } from '../protobuf.ts';
import type { AttributeMap, AttributeValue } from '../request.ts';
import type { AttributeTable } from './table.ts';
import { readValue } from './value.ts';

/** Up to here a look at each name is quicker than a Map, and costs no memory. */
const FEW = 64;

/**
 * The attributes of a span or a resource. Keys are read at once; values when they are asked for, because of most nobody
 * asks, and some are prompts of many kilobytes. Of doubled keys the last wins.
 *
 * It holds on to the bytes of the whole request: keep what was read, not this.
 */
export class ScannedAttributes implements AttributeMap {
  readonly #table: AttributeTable;
  readonly #first: number;
  #end: number;
  #hasDoubles = false;
  #index: Map<string, number> | undefined;
  #values: (AttributeValue | undefined)[] | undefined;

  constructor(table: AttributeTable) {
    this.#table = table;
    this.#first = this.#end = table.rows;
  }

  /** Takes the KeyValue in [start, end), whose frame (tag and length included) starts at `frameStart`. */
  add(frameStart: number, start: number, end: number): void {
    if (this.#table.add(this.#first, frameStart, start, end)) this.#hasDoubles = true;
    this.#end++;
  }

  /** The frames of all attributes that `names` has, doubled ones too, in the order of the bytes. */
  eachFrame(names: object, take: (start: number, end: number) => void): void {
    const table = this.#table;
    for (let row = this.#first; row < this.#end; row++)
      if (Object.hasOwn(names, table.name(row))) take(table.frameStart(row), table.end(row));
  }

  get(key: string): AttributeValue | undefined {
    const row = this.#rowOf(key);
    return row < 0 ? undefined : this.#valueAt(row);
  }

  has(key: string): boolean {
    return this.#rowOf(key) >= 0;
  }

  get size(): number {
    return this.#hasDoubles ? this.#indexed().size : this.#end - this.#first;
  }

  keys(): MapIterator<string> {
    return this.#hasDoubles ? this.#indexed().keys() : this.#names();
  }

  *#names(): MapIterator<string> {
    for (let row = this.#first; row < this.#end; row++) yield this.#table.name(row);
    return undefined;
  }

  *entries(): MapIterator<[string, AttributeValue]> {
    for (const key of this.keys()) {
      const value = this.get(key);
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

  #rowOf(key: string): number {
    if (this.#end - this.#first > FEW) return this.#indexed().get(key) ?? -1;
    for (let row = this.#end - 1; row >= this.#first; row--) if (this.#table.name(row) === key) return row;
    return -1;
  }

  #indexed(): Map<string, number> {
    if (this.#index !== undefined) return this.#index;
    const index = new Map<string, number>();
    for (let row = this.#first; row < this.#end; row++) index.set(this.#table.name(row), row);
    this.#index = index;
    return index;
  }

  /** Undefined for a value that makes no sense: that is as if it had not been sent. */
  #valueAt(row: number): AttributeValue | undefined {
    const known = this.#values?.[row - this.#first];
    if (known !== undefined) return known;
    const start = this.#table.valueStart(row);
    const value = start < 0 ? null : this.#readAt(row, start);
    (this.#values ??= [])[row - this.#first] = value;
    return value;
  }

  #readAt(row: number, start: number): AttributeValue | undefined {
    const { bytes } = this.#table;
    try {
      return readValue(bytes, start, this.#table.valueEnd(row));
    } catch {
      // What the scanner does not read the library may.
      return decodeAttribute(bytes.subarray(this.#table.start(row), this.#table.end(row)));
    }
  }
}
