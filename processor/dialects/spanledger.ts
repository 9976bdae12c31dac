import { isUnit, unitNames, units, type Unit } from '../../pricing/usage/units.ts';
import { fromDisjoint, type Usage, type UsageState } from '../../pricing/usage/usage.ts';
import type { AttributeMap } from '../otlp/request.ts';
import { count, namingCulprit, text } from './attributes.ts';
import type { Dialect } from './dialect.ts';
import { genAiCall } from './gen-ai-call.ts';

const UNIT = 'spanledger.usage.';
const READS: readonly Unit[] = ['cache_read_audio', 'cache_read_image', 'cache_read_video'];
const WRITES: readonly Unit[] = ['cache_write_5m', 'cache_write_1h'];

/**
 * Spans of our own instrumentation, whose counts have one certain meaning: the GenAI names hold totals (input with every
 * cache count and modality, output with reasoning), and `spanledger.usage.<unit>` says how the totals divide or adds what
 * is no token.
 */
export const spanledger: Dialect = {
  name: 'spanledger',
  scopes: /^spanledger$/,
  keys: [`${UNIT}state`],
  read(span) {
    const { attributes } = span;
    const state = readState(attributes);
    if (span.scope.name !== 'spanledger' && state === undefined) return undefined;
    const operation = text(attributes, 'gen_ai.operation.name');
    if (operation === undefined) return undefined;
    const usage = readUsage(attributes, state);
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

function readUsage(attributes: AttributeMap, state: UsageState | undefined): Usage {
  const invalid = text(attributes, `${UNIT}invalid`);
  if (invalid !== undefined) return { status: 'invalid', detail: invalid };
  const counts = unitCounts(attributes);
  const totals = {
    input: count(attributes, 'gen_ai.usage.input_tokens'),
    output: count(attributes, 'gen_ai.usage.output_tokens'),
  };
  const nothing = totals.input === undefined && totals.output === undefined && Object.keys(counts).length === 0;
  if (state === 'absent' || nothing) return { status: 'missing' };
  const reads = count(attributes, 'gen_ai.usage.cache_read.input_tokens');
  if (reads !== undefined) counts.cache_read = reads - sumOf(counts, READS);
  const writes = count(attributes, 'gen_ai.usage.cache_write.input_tokens', 'gen_ai.usage.cache_creation.input_tokens');
  if (writes !== undefined) counts.cache_write = writes - sumOf(counts, WRITES);
  const reasoning = count(attributes, 'gen_ai.usage.reasoning.output_tokens');
  if (reasoning !== undefined) counts.reasoning = reasoning;
  // What is left of a total is what has no unit of its own.
  const parts = Object.keys(counts) as Unit[];
  for (const direction of ['input', 'output'] as const) {
    const total = totals[direction];
    if (total === undefined) continue;
    const within = parts.filter((unit) => units[unit].kind === 'token' && units[unit].direction === direction);
    const sum = sumOf(counts, within);
    if (sum > total)
      return { status: 'invalid', detail: `${within.join(' + ')} (${sum}) exceed ${direction} (${total})` };
    counts[direction] = total - sum;
  }
  const ordered = Object.fromEntries(unitNames.map((unit) => [unit, counts[unit]]));
  return namingCulprit(fromDisjoint(ordered, 'reported'), attributes);
}

function unitCounts(attributes: AttributeMap): Partial<Record<Unit, number>> {
  const counts: Partial<Record<Unit, number>> = {};
  for (const key of attributes.keys()) {
    const unit = key.startsWith(UNIT) ? key.slice(UNIT.length) : '';
    const value = isUnit(unit) ? count(attributes, key) : undefined;
    if (isUnit(unit) && value !== undefined) counts[unit] = value;
  }
  return counts;
}

function sumOf(counts: Partial<Record<Unit, number>>, names: readonly Unit[]): number {
  return names.reduce((total, unit) => total + (counts[unit] ?? 0), 0);
}

function readState(attributes: AttributeMap): UsageState | undefined {
  const state = text(attributes, `${UNIT}state`);
  return state === 'reported' || state === 'estimated' || state === 'incomplete' || state === 'absent'
    ? state
    : undefined;
}

function attempts(attributes: AttributeMap): number {
  const value = count(attributes, 'spanledger.attempts');
  return value !== undefined && Number.isSafeInteger(value) && value > 0 ? value : 1;
}
