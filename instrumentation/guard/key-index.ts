import type { Local } from './local.ts';
import type { Terms } from './wire.ts';

/** Whose call it is: the dimensions that budgets look at. What is not there is ''. */
export type Dimensions = Readonly<Record<string, string>>;

/** All that a budget knows of one key. */
export interface Known {
  readonly key: string;
  /** Undefined: the processor has told nothing of it. */
  terms: Terms | undefined;
  /** As it was told. */
  spent: bigint;
  local: Local | undefined;
}

/** What each budget of an index knows of a key, by its place. */
export type Row = (Known | undefined)[];

/** The keys of all budgets with the same `by` labels: one look-up finds what all of them know. */
export class KeyIndex {
  readonly #by: readonly string[];
  readonly #rows = new Map<string, Row>();
  #places = 0;

  constructor(by: readonly string[]) {
    this.#by = by;
  }

  /** The place of one more budget. */
  join(): number {
    return this.#places++;
  }

  /** @example index.keyOf({ customer_id: 'acme' }) // 'acme' */
  keyOf(dimensions: Dimensions): string {
    const [first = ''] = this.#by;
    return this.#by.length < 2 ? (dimensions[first] ?? '') : keyText(this.valuesOf(dimensions));
  }

  valuesOf(dimensions: Dimensions): readonly string[] {
    return this.#by.map((name) => dimensions[name] ?? '');
  }

  /** Undefined: none of the budgets knows anything of the key. */
  row(key: string): Row | undefined {
    return this.#rows.get(key);
  }

  get(key: string, place: number): Known | undefined {
    return this.#rows.get(key)?.[place];
  }

  /** What is known of a key in a place, begun where nothing is. */
  open(key: string, place: number): Known {
    let row = this.#rows.get(key);
    if (row === undefined) this.#rows.set(key, (row = Array.from({ length: this.#places }, () => undefined)));
    return (row[place] ??= { key, terms: undefined, spent: 0n, local: undefined });
  }

  delete(key: string, place: number): void {
    const row = this.#rows.get(key);
    if (row === undefined) return;
    row[place] = undefined;
    if (row.every((known) => known === undefined)) this.#rows.delete(key);
  }

  clear(place: number): void {
    for (const key of this.#rows.keys()) this.delete(key, place);
  }
}

export function keyText(values: readonly string[]): string {
  const [first = ''] = values;
  return values.length < 2 ? first : JSON.stringify(values);
}
