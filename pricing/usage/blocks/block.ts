import { parseUsd, type FemtoUsd } from '../../money.ts';
import type { ServiceTier } from '../tier.ts';
import type { Usage } from '../usage.ts';

/** What a provider's usage block says. Tier, region and cost are there only where the block itself carries them. */
export interface BlockReading {
  readonly usage: Usage;
  readonly tier?: ServiceTier;
  readonly region?: string;
  /** What the provider says the call cost. */
  readonly reportedCost?: FemtoUsd;
  /** Tokens of sound that the provider counts too, but bills by the second: they are no usage of their own. */
  readonly audioTokens?: number;
}

/** Reads one kind of usage block, as parsed from JSON. Total: anything odd is `invalid` usage, never an exception. */
export type BlockReader = (block: unknown) => BlockReading;

/**
 * The fields of one JSON object, each taken by name. What nobody took and carries a count is a problem: a new kind of
 * token must not go unbilled in silence, and its meaning can't be guessed.
 */
export interface Fields {
  /** A whole count; undefined where the key is missing or null. */
  count(key: string): number | undefined;
  text(key: string): string | undefined;
  /** An object below this one; empty where the key is missing or null. */
  inner(key: string): Fields;
  /** The objects of an array below this one. */
  list(key: string): readonly Fields[];
  /** Keys that are for information and bill nothing. */
  ignore(...keys: string[]): void;
  /** Takes a key whatever it holds. */
  raw(key: string): unknown;
  has(key: string): boolean;
}

/**
 * Reads a block with `read`, and turns whatever is wrong with it into `invalid` usage that names the fields. A block that
 * is missing, null or empty is `missing` usage.
 *
 * @example readBlock({ tokens: 5 }, (f) => ({ usage: fromInclusive({ input: f.count('tokens') }, 'reported') }))
 */
export function readBlock(block: unknown, read: (fields: Fields) => BlockReading): BlockReading {
  if (block === undefined || block === null) return { usage: { status: 'missing' } };
  if (!isObject(block)) return invalid(`the usage block is ${describe(block)}, not an object`);
  if (isEmpty(block)) return { usage: { status: 'missing' } };
  const problems: string[] = [];
  const fields = new ObjectFields(block, undefined, '', problems);
  const reading = read(fields);
  fields.finish();
  return problems.length === 0 ? reading : { ...reading, usage: { status: 'invalid', detail: problems.join('; ') } };
}

/** @example invalid('prompt_tokens is missing') */
export function invalid(detail: string): BlockReading {
  return { usage: { status: 'invalid', detail } };
}

/**
 * The same block with its keys in camelCase, for APIs whose JSON and whose client libraries spell them differently.
 *
 * @example camelKeys({ prompt_token_count: 3 }) // { promptTokenCount: 3 }
 */
export function camelKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelKeys);
  if (!isObject(value)) return value;
  const camel = (key: string): string => key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [camel(key), camelKeys(inner)]));
}

/**
 * A cost that a provider reports as a JSON number, to the 15 decimals that money has. Undefined where it is no amount.
 *
 * @example reportedUsd(1.2e-7) // 120_000_000n
 */
export function reportedUsd(value: unknown): FemtoUsd | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0 || value >= 1e9) return undefined;
  const shortest = String(value);
  return parseUsd(/^\d+(\.\d{1,15})?$/.test(shortest) ? shortest : value.toFixed(15));
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A class, because one is made for every object of every block that is read, inside the calls of an application. */
class ObjectFields implements Fields {
  readonly #object: Readonly<Record<string, unknown>>;
  readonly #above: ObjectFields | undefined;
  readonly #key: string;
  readonly #problems: string[];
  /** Few: a list is quicker than a set. */
  readonly #taken: string[] = [];
  // One view of each inner object, however often it is opened: what one reader took is not unknown to the next.
  #below: ObjectFields[] | undefined;

  constructor(
    object: Readonly<Record<string, unknown>>,
    above: ObjectFields | undefined,
    key: string,
    problems: string[],
  ) {
    this.#object = object;
    this.#above = above;
    this.#key = key;
    this.#problems = problems;
  }

  /** Reports what nobody took, here and below. */
  finish(): void {
    for (const key in this.#object) {
      const value = this.#object[key];
      if (value !== 0 && value !== null && !this.#taken.includes(key) && carriesCount(value))
        this.#problem(`${key} is not known (${JSON.stringify(value).slice(0, 80)})`);
    }
    if (this.#below !== undefined) for (const fields of this.#below) fields.finish();
  }

  count(key: string): number | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    this.#problem(`${key} is ${describe(value)}, not a whole number from 0 to 2^53`);
    return undefined;
  }

  text(key: string): string | undefined {
    const value = this.raw(key);
    return typeof value === 'string' ? value : undefined;
  }

  inner(key: string): Fields {
    if (this.#below !== undefined) for (const fields of this.#below) if (fields.#key === key) return fields;
    const value = this.raw(key);
    return value === undefined ? nothing : this.#open(value, key);
  }

  list(key: string): readonly Fields[] {
    const value = this.raw(key);
    if (value !== undefined && !Array.isArray(value)) this.#problem(`${key} is ${describe(value)}, not a list`);
    const items: readonly unknown[] = Array.isArray(value) ? value : [];
    return items.map((item, index) => this.#open(item, `${key}[${index}]`));
  }

  ignore(...keys: string[]): void {
    this.#taken.push(...keys);
  }

  raw(key: string): unknown {
    this.#taken.push(key);
    return Object.hasOwn(this.#object, key) ? (this.#object[key] ?? undefined) : undefined;
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#object, key) && this.#object[key] !== null && this.#object[key] !== undefined;
  }

  #open(value: unknown, key: string): ObjectFields {
    const there = isObject(value);
    if (!there) this.#problem(`${key} is ${describe(value)}, not an object`);
    const fields = new ObjectFields(there ? value : {}, this, key, this.#problems);
    this.#below ??= [];
    this.#below.push(fields);
    return fields;
  }

  #path(): string {
    return this.#above === undefined ? '' : `${this.#above.#path()}${this.#key}.`;
  }

  #problem(text: string): void {
    this.#problems.push(`${this.#path()}${text}`);
  }
}

/** An object that is not there. */
const nothing: Fields = {
  count: () => undefined,
  text: () => undefined,
  inner: () => nothing,
  list: () => [],
  ignore: () => {},
  raw: () => undefined,
  has: () => false,
};

function isEmpty(object: object): boolean {
  for (const _ in object) return false;
  return true;
}

function carriesCount(value: unknown): boolean {
  if (typeof value === 'number') return value !== 0;
  if (Array.isArray(value)) return value.some(carriesCount);
  return isObject(value) && Object.values(value).some(carriesCount);
}

function describe(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
  return Array.isArray(value) ? 'a list' : `of type ${typeof value}`;
}
