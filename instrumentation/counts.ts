import type { Attributes } from '@opentelemetry/api';
import { units, type Unit } from '../pricing/usage/units.ts';
import type { Counts } from '../pricing/usage/usage.ts';
import { attr, put, usagePrefix } from './semconv.ts';

/** Units whose place in the totals has a name in the conventions. */
const conventional: ReadonlySet<string> = new Set(['input', 'cache_read', 'cache_write', 'output', 'reasoning']);
/** Writes counts as the conventions' inclusive totals and parts, and what has no convention by its unit. */
export function describeCounts(attributes: Attributes, counts: Counts): void {
  let input = 0;
  let output = 0;
  let writes = 0;
  let reads = 0;
  let tokens = true;
  let first = true;
  // No lists of keys: this runs inside every call.
  for (const name in counts) {
    const unit = name as Unit;
    const count = counts[unit] ?? 0;
    const { kind, direction } = units[unit];
    tokens = kind === 'token' || (tokens && !first);
    first = false;
    if (kind === 'token' && direction === 'input') input += count;
    else if (kind === 'token') output += count;
    if (unit.startsWith('cache_write')) writes += count;
    else if (unit.startsWith('cache_read')) reads += count;
    if (count <= 0 || conventional.has(unit)) continue;
    attributes[`${usagePrefix}${unit}`] = count;
    const modal = modality.get(unit);
    if (modal !== undefined) attributes[modal] = Number(attributes[modal] ?? 0) + count;
  }
  // Where nothing is billed by the token, a total of 0 would say otherwise.
  if (tokens) {
    attributes[attr.inputTokens] = input;
    attributes[attr.outputTokens] = output;
  }
  if (reads > 0) attributes[attr.cacheRead] = reads;
  if (writes > 0) {
    attributes[attr.cacheWrite] = writes;
    attributes[attr.cacheCreation] = writes;
  }
  put(attributes, attr.reasoning, counts.reasoning);
}

/** What the conventions tell of the modalities, as parts of the totals. */
const modality: ReadonlyMap<Unit, string> = new Map([
  ['input_audio', attr.audioInput],
  ['cache_read_audio', attr.audioInput],
  ['output_audio', attr.audioOutput],
  ['input_image', attr.imageInput],
  ['cache_read_image', attr.imageInput],
  ['output_image', attr.imageOutput],
]);
