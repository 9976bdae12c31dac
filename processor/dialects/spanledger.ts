import { isUnit, units, type Unit } from '../../pricing/usage/units.ts';
import { fromInclusive, type Usage, type UsageState } from '../../pricing/usage/usage.ts';
import type { AttributeMap } from '../otlp/request.ts';
import { count, sum, text } from './attributes.ts';
import type { Dialect } from './dialect.ts';
import { genAiCall } from './gen-ai-call.ts';

const UNIT = 'spanledger.usage.';
/** Not units, though they stand beside them. */
const STATE = `${UNIT}state`;

/**
 * Spans of our own instrumentation: GenAI names whose meaning is certain (input includes every cache count, output
 * includes reasoning), and `spanledger.usage.<unit>` for what has no convention. Of those, a token unit names a part of
 * the totals (`cache_write_1h` of the cache writes, `input_audio` of the input); any other unit stands beside them.
 */
export const spanledger: Dialect = {
  name: 'spanledger',
  read(span) {
    const { attributes } = span;
    const state = readState(attributes);
    if (span.scope.name !== 'spanledger' && state === undefined) return undefined;
    const operation = text(attributes, 'gen_ai.operation.name');
    if (operation === undefined) return undefined;
    const usage: Usage = state === 'absent' ? { status: 'missing' } : readUsage(attributes);
    return {
      ...genAiCall(span),
      kind: 'call',
      dialect: spanledger.name,
      operation,
      usage,
      usageState: usage.status === 'missing' ? 'absent' : (state ?? 'reported'),
      attempts: attempts(attributes),
    };
  },
};

function readUsage(attributes: AttributeMap): Usage {
  const own = ownUnits(attributes);
  const gen = (name: string): number | undefined => count(attributes, `gen_ai.usage.${name}`);
  const input = gen('input_tokens');
  const output = gen('output_tokens');
  const other = Object.fromEntries([...own].filter(([unit]) => units[unit].kind === 'count' || unit === 'citation'));
  if (input === undefined && output === undefined && own.size === 0) return { status: 'missing' };
  const cacheWrite5m = own.get('cache_write_5m');
  const cacheWrite1h = own.get('cache_write_1h');
  const cacheWrites = count(
    attributes,
    'gen_ai.usage.cache_write.input_tokens',
    'gen_ai.usage.cache_creation.input_tokens',
  );
  return fromInclusive(
    {
      input,
      output,
      cacheRead: gen('cache_read.input_tokens'),
      cacheWrite5m,
      cacheWrite1h,
      // What is left of the writes has no known time to live; a negative rest is refused as invalid.
      cacheWrite: cacheWrites === undefined ? undefined : cacheWrites - (sum(cacheWrite5m, cacheWrite1h) ?? 0),
      inputAudio: gen('audio.input_tokens') ?? sum(own.get('input_audio'), own.get('cache_read_audio')),
      inputImage: gen('image.input_tokens') ?? sum(own.get('input_image'), own.get('cache_read_image')),
      inputVideo: sum(own.get('input_video'), own.get('cache_read_video')),
      cacheReadAudio: gen('audio.cache_read.input_tokens') ?? own.get('cache_read_audio'),
      cacheReadImage: gen('image.cache_read.input_tokens') ?? own.get('cache_read_image'),
      cacheReadVideo: own.get('cache_read_video'),
      reasoning: gen('reasoning.output_tokens') ?? own.get('reasoning'),
      outputAudio: gen('audio.output_tokens') ?? own.get('output_audio'),
      outputImage: gen('image.output_tokens') ?? own.get('output_image'),
      outputVideo: own.get('output_video'),
      other,
    },
    'reported',
  );
}

function ownUnits(attributes: AttributeMap): ReadonlyMap<Unit, number> {
  const found = new Map<Unit, number>();
  for (const key of attributes.keys()) {
    if (!key.startsWith(UNIT)) continue;
    const unit = key.slice(UNIT.length);
    const value = isUnit(unit) ? count(attributes, key) : undefined;
    if (isUnit(unit) && value !== undefined) found.set(unit, value);
  }
  return found;
}

function readState(attributes: AttributeMap): UsageState | undefined {
  const state = text(attributes, STATE);
  return state === 'reported' || state === 'estimated' || state === 'incomplete' || state === 'absent'
    ? state
    : undefined;
}

function attempts(attributes: AttributeMap): number {
  const value = count(attributes, 'spanledger.attempts');
  return value !== undefined && Number.isSafeInteger(value) && value > 0 ? value : 1;
}
