import { interner } from './keys.ts';
import { Pair } from './pair.ts';

const keys = interner();
/** Numbers that are kept of an attribute: where its frame (tag and length included) starts, its payload, its end, its value. */
const STRIDE = 5;
const FRAME_START = 0;
const START = 1;
const END = 2;
const VALUE_START = 3;
const VALUE_END = 4;
const FIRST_ROWS = 1_024;

/**
 * The places of all attributes that were read of one request, row by row, so that a span costs no arrays of its own. Rows of
 * one span or resource stand one behind the other.
 */
export class AttributeTable {
  readonly bytes: Buffer;
  readonly pair: Pair;
  readonly #names: string[] = [];
  #places = new Int32Array(FIRST_ROWS * STRIDE);
  /** Which owner had a name last. */
  readonly #owners = new Map<string, number>();

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.pair = new Pair(bytes);
  }

  get rows(): number {
    return this.#names.length;
  }

  /** Adds the KeyValue in [start, end). Whether its owner, whose first row is `owner`, has had one of this name before. */
  add(owner: number, frameStart: number, start: number, end: number): boolean {
    const { keyStart, keyEnd, valueStart, valueEnd } = this.pair.read(start, end);
    const at = this.#names.length * STRIDE;
    if (at === this.#places.length) this.#grow();
    const places = this.#places;
    places[at + FRAME_START] = frameStart;
    places[at + START] = start;
    places[at + END] = end;
    places[at + VALUE_START] = valueStart;
    places[at + VALUE_END] = valueEnd;
    const name = keys.text(this.bytes, keyStart, keyEnd - keyStart);
    this.#names.push(name);
    const isDoubled = this.#owners.get(name) === owner;
    this.#owners.set(name, owner);
    return isDoubled;
  }

  name(row: number): string {
    return this.#names[row] ?? '';
  }

  frameStart(row: number): number {
    return this.#places[row * STRIDE + FRAME_START] ?? 0;
  }

  start(row: number): number {
    return this.#places[row * STRIDE + START] ?? 0;
  }

  end(row: number): number {
    return this.#places[row * STRIDE + END] ?? 0;
  }

  /** -1 for an attribute without a value. */
  valueStart(row: number): number {
    return this.#places[row * STRIDE + VALUE_START] ?? -1;
  }

  valueEnd(row: number): number {
    return this.#places[row * STRIDE + VALUE_END] ?? 0;
  }

  #grow(): void {
    const larger = new Int32Array(this.#places.length * 2);
    larger.set(this.#places);
    this.#places = larger;
  }
}
