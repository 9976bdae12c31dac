import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import { nearest } from '../nearest.ts';

/** Something wrong in a file; line and column count from 1. */
export interface Mistake {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** A value in the file and where it stands. `name` is what messages call it. */
export interface Place {
  readonly node: Node | null;
  readonly offset: number;
  /** Where its key stands; for an item of a list, where it stands itself. */
  readonly keyOffset: number;
  readonly name: string;
}

export type Fields = ReadonlyMap<string, Place>;

/** The keys of a map: those that are read, those that must be there, and those that are specified but not built. */
export interface Shape {
  readonly keys: readonly string[];
  readonly required?: readonly string[];
  readonly later?: readonly string[];
}

/** More aliases than anybody writes by hand: a file that unfolds without end is refused. */
const MAX_ALIASES = 500;

/**
 * A YAML file that is read value by value. Whatever is wrong is noted with its position, and the reading goes on, so that
 * all mistakes are told at once; a value that could not be read is undefined.
 */
export class YamlReader {
  readonly #document: Document;
  readonly #lines = new LineCounter();
  readonly #found: { offset: number; message: string }[] = [];
  #aliases = 0;

  constructor(text: string) {
    this.#document = parseDocument(text, { lineCounter: this.#lines, uniqueKeys: false, prettyErrors: false });
    for (const { pos, message } of [...this.#document.errors, ...this.#document.warnings])
      this.#found.push({ offset: pos[0], message: message.replace(/ at line \d+, column \d+[^]*$/, '') });
  }

  /** Whether it is YAML at all. If not, only that is worth telling. */
  get readable(): boolean {
    return this.#document.errors.length === 0;
  }

  /** The whole document; its node is null for a file that is empty or holds comments only. */
  get root(): Place {
    return placed(this.#document.contents, 0, 'the file');
  }

  /** In the order of the file. */
  get mistakes(): readonly Mistake[] {
    return this.#found
      .toSorted((a, b) => a.offset - b.offset)
      .map(({ offset, message }) => {
        const { line, col } = this.#lines.linePos(offset);
        return { line, column: col, message };
      });
  }

  /** Where something stands, from 1. */
  position({ offset }: Place): { readonly line: number; readonly column: number } {
    const { line, col } = this.#lines.linePos(offset);
    return { line, column: col };
  }

  /** Notes a mistake. Answers undefined, which stands for the value. */
  wrong(place: Place, message: string): undefined {
    this.#found.push({ offset: place.offset, message: `${place.name}: ${message}` });
    return undefined;
  }

  /** The fields of a map. Keys that are unknown, doubled, missing or not supported yet are noted. */
  fields(place: Place, shape: Shape): Fields | undefined {
    const entries = this.entries(place);
    if (entries === undefined) return undefined;
    const fields = new Map<string, Place>();
    for (const [key, value] of entries) {
      if (shape.keys.includes(key)) fields.set(key, value);
      else this.#wrongKey(place, value.keyOffset, `"${key}" ${unreadKey(key, shape)}`);
    }
    for (const key of shape.required ?? []) if (!entries.has(key)) this.wrong(place, `"${key}" is missing`);
    return fields;
  }

  /** The entries of a map with any keys. */
  entries(place: Place): Fields | undefined {
    const node = this.#resolve(place);
    if (!isMap(node)) return this.wrong(place, `a map of keys and values is needed here, not ${kindOf(node)}`);
    const entries = new Map<string, Place>();
    for (const pair of node.items) {
      const key = pair.key as Node | null;
      const offset = key?.range?.[0] ?? place.offset;
      if (!isScalar(key) || key.value === null) {
        this.#wrongKey(place, offset, 'a key must be a plain word');
        continue;
      }
      const name = typeof key.value === 'string' ? key.value : (key.source ?? '');
      if (entries.has(name)) this.#wrongKey(place, offset, `"${name}" is there twice`);
      else entries.set(name, placed(pair.value as Node | null, offset, name));
    }
    return entries;
  }

  /** Whether a map has this key, read or not. */
  has(place: Place, key: string): boolean {
    const node = this.#resolve(place);
    return isMap(node) && node.has(key);
  }

  isMap(place: Place): boolean {
    return isMap(this.#resolve(place));
  }

  isList(place: Place): boolean {
    return isSeq(this.#resolve(place));
  }

  /** The items of a list. */
  items(place: Place): readonly Place[] | undefined {
    const node = this.#resolve(place);
    if (!isSeq(node)) return this.wrong(place, `a list is needed here, not ${kindOf(node)}`);
    return node.items.map((item, index) => {
      const offset = (item as Node | null)?.range?.[0] ?? place.offset;
      return placed(item as Node | null, offset, `${place.name}[${index}]`);
    });
  }

  /** A single value as it is written, numbers included: 0.70 stays "0.70". */
  text(place: Place): string | undefined {
    const node = this.#resolve(place);
    if (!isScalar(node) || node.value === null) return this.wrong(place, `a value is needed here, not ${kindOf(node)}`);
    return typeof node.value === 'string' ? node.value : (node.source ?? '');
  }

  /** A value read by `read`, whose RangeError becomes a mistake at this place. */
  value<T>(place: Place, read: (text: string) => T): T | undefined {
    const text = this.text(place);
    if (text === undefined) return undefined;
    try {
      return read(text.trim());
    } catch (error) {
      if (error instanceof RangeError) return this.wrong(place, error.message);
      throw error;
    }
  }

  #wrongKey(map: Place, offset: number, message: string): void {
    this.wrong({ ...map, offset }, message);
  }

  #resolve(place: Place): Node | null {
    if (!isAlias(place.node)) return place.node;
    if (++this.#aliases > MAX_ALIASES) return this.wrong(place, 'too many aliases in this file') ?? null;
    return place.node.resolve(this.#document) ?? null;
  }
}

/** Throws a RangeError unless it is `true` or `false`. */
export function readBoolean(text: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new RangeError(`"${text}" is neither true nor false`);
}

function placed(node: Node | null, keyOffset: number, name: string): Place {
  // An empty value has no text of its own to point at: point at its key.
  const empty = node === null || (isScalar(node) && node.value === null && (node.source ?? '') === '');
  return { node, offset: empty ? keyOffset : (node.range?.[0] ?? keyOffset), keyOffset, name };
}

function unreadKey(key: string, { keys, later = [] }: Shape): string {
  if (later.includes(key)) return 'is not supported yet; leave it out';
  const hint = nearest(key, [...keys, ...later]);
  return hint === undefined ? `is unknown here; there are ${keys.join(', ')}` : `is unknown; did you mean "${hint}"?`;
}

function kindOf(node: Node | null): string {
  if (isMap(node)) return 'a map';
  if (isSeq(node)) return 'a list';
  if (!isScalar(node) || node.value === null) return 'nothing';
  // Not its text: it may be a URL with a password in it.
  return 'a single value';
}
