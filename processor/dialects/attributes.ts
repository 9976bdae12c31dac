import { isUnit } from '../../pricing/usage/units.ts';
import type { Usage } from '../../pricing/usage/usage.ts';
import type { AttributeMap } from '../otlp/request.ts';

/** The first of `keys` that has a text; '' is as if it were not there. */
export function text(attributes: AttributeMap, ...keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = attributes.get(key);
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

/**
 * The first of `keys` that has a value, as a count. Emitters write counts as int, double or string. NaN for what is no
 * number: pricing then says `invalid_usage`, where a silent undefined would be a call that seems to have used nothing.
 */
export function count(attributes: AttributeMap, ...keys: readonly string[]): number | undefined {
  for (const key of keys) {
    const value = attributes.get(key);
    if (value === undefined || value === null || value === '') continue;
    if (typeof value === 'number') return value;
    if (typeof value === 'bigint') return Number(value);
    return typeof value === 'string' && /^\s*[+-]?\d+(?:\.\d+)?\s*$/.test(value) ? Number(value) : Number.NaN;
  }
  return undefined;
}

/** How much text of one attribute is worth parsing. A prompt that was put into metadata is not. */
const MAX_JSON = 65_536;

/** The object that an attribute holds as JSON text; undefined where there is none, or none that can be read. */
export function json(attributes: AttributeMap, key: string): Readonly<Record<string, unknown>> | undefined {
  const value = attributes.get(key);
  if (typeof value !== 'string' || value.length > MAX_JSON || !value.startsWith('{')) return undefined;
  try {
    return JSON.parse(value) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}

/** The object below `key` of a parsed one. */
export function inner(
  object: Readonly<Record<string, unknown>> | undefined,
  key: string,
): Readonly<Record<string, unknown>> | undefined {
  const value = object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined;
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

/** Adds where at least one is known. */
export function sum(...counts: readonly (number | undefined)[]): number | undefined {
  const known = counts.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((total, value) => total + value, 0);
}

/** Says which attribute is meant, and what it holds, where usage is invalid because a count is no number. */
export function namingCulprit(usage: Usage, attributes: AttributeMap): Usage {
  if (usage.status !== 'invalid' || !usage.detail.includes('NaN')) return usage;
  for (const [key, value] of attributes) {
    const isCount = key.startsWith('gen_ai.usage.') || isUnit(key.replace(/^spanledger\.usage\./, ''));
    if (!isCount || !Number.isNaN(count(attributes, key))) continue;
    const said = typeof value === 'string' ? `the text "${value.slice(0, 20)}"` : 'no number';
    return { status: 'invalid', detail: `${key} is ${said}, not a count` };
  }
  return usage;
}
