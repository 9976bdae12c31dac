import { servedTier } from '../../pricing/usage/tier.ts';
import type { TagName } from '../call.ts';
import type { AttributeMap, AttributeValue, Span } from '../otlp/request.ts';
import { count, text } from './attributes.ts';
import { conventionalCall } from './conventional.ts';
import type { TokenCounts } from './counts.ts';
import type { Dialect } from './dialect.ts';
import { usd } from './reported-cost.ts';
import { tagKeys } from './tags.ts';

/** Fields of a call, and where an attribute may be named for each. */
export const houseFields = [
  'model',
  'provider',
  'operation',
  'response_id',
  'service_tier',
  'region',
  'error',
  'reported_cost_usd',
] as const;
export type HouseField = (typeof houseFields)[number];

/** The counts that can be read, by their names in the configuration. */
export const houseCounts = {
  input: 'input',
  output: 'output',
  total: 'total',
  cache_read: 'cacheRead',
  cache_write: 'cacheWrite',
  cache_write_5m: 'cacheWrite5m',
  cache_write_1h: 'cacheWrite1h',
  reasoning: 'reasoning',
  input_audio: 'inputAudio',
  input_image: 'inputImage',
  cache_read_audio: 'cacheReadAudio',
  cache_read_image: 'cacheReadImage',
  output_audio: 'outputAudio',
  output_image: 'outputImage',
} as const satisfies Readonly<Record<string, keyof TokenCounts>>;
export type HouseCount = keyof typeof houseCounts;

/** A convention of one's own, as spanledger.yaml has it (`dialects`). */
export interface HouseDialect {
  readonly name: string;
  /** The instrumentation scope; undefined: spans are known by the attributes of `usage`, whoever writes them. */
  readonly scope: string | undefined;
  /** Attributes that must have this value. */
  readonly where: Readonly<Record<string, string>>;
  readonly kind: 'call' | 'aggregate';
  readonly fields: Readonly<Partial<Record<HouseField, string>>>;
  /** What a field is where no attribute says. */
  readonly defaults: Readonly<Partial<Record<'model' | 'provider' | 'operation', string>>>;
  readonly usage: Readonly<Partial<Record<HouseCount, string>>>;
  /** Whether `input` includes what was read from and written to the cache. */
  readonly input: 'inclusive' | 'exclusive';
  /** Whether `output` includes the reasoning. */
  readonly output: 'inclusive' | 'exclusive';
  readonly tags: Readonly<Partial<Record<TagName, string>>>;
}

/**
 * Reads spans by a table of attribute names.
 *
 * @example houseDialect({ name: 'acme', scope: undefined, usage: { input: 'acme.in', output: 'acme.out' }, … })
 */
export function houseDialect(house: HouseDialect): Dialect {
  const { name, scope, where, fields, defaults, usage } = house;
  const used = Object.values(usage);
  const tags = tagKeys({
    names: Object.fromEntries(Object.entries(house.tags).map(([tag, attribute]) => [tag, [attribute]])),
  });
  const conditions = Object.entries(where);
  const field = (attributes: AttributeMap, of: HouseField): string | undefined => {
    const key = fields[of];
    return key === undefined ? undefined : text(attributes, key);
  };
  const isOurs = ({ attributes, scope: found }: Span): boolean => {
    if (scope !== undefined && found.name !== scope) return false;
    if (conditions.some(([key, value]) => plain(attributes.get(key)) !== value)) return false;
    return scope !== undefined || used.some((key) => attributes.has(key));
  };
  return {
    name,
    ...(scope === undefined ? {} : { scopes: new RegExp(`^${scope.replace(/[^\w-]/g, '\\$&')}$`) }),
    keys: scope === undefined ? used : [],
    read(span) {
      if (!isOurs(span)) return undefined;
      const { attributes } = span;
      const cost = fields.reported_cost_usd;
      // What is not said stays as the convention has it.
      const said = {
        model: field(attributes, 'model') ?? defaults.model,
        provider: field(attributes, 'provider') ?? defaults.provider,
        responseId: field(attributes, 'response_id'),
        region: field(attributes, 'region'),
        tier: servedTier(field(attributes, 'service_tier')),
        error: field(attributes, 'error'),
        reportedCost: cost === undefined ? undefined : usd(attributes.get(cost)),
      };
      return conventionalCall(span, {
        dialect: name,
        kind: house.kind,
        operation: field(attributes, 'operation') ?? defaults.operation ?? 'chat',
        counts: countsOf(attributes, usage),
        input: house.input,
        reasoningApart: house.output === 'exclusive',
        tags,
        call: Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)),
      });
    },
  };
}

function plain(value: AttributeValue | undefined): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint'
    ? String(value)
    : undefined;
}

function countsOf(attributes: AttributeMap, usage: HouseDialect['usage']): TokenCounts {
  const counts: Partial<Record<keyof TokenCounts, number>> = {};
  for (const [name, key] of Object.entries(usage)) {
    const value = count(attributes, key);
    if (value !== undefined) counts[houseCounts[name as HouseCount]] = value;
  }
  return counts;
}
