import { readUsageBlock } from '../../pricing/usage/blocks/index.ts';
import { fromDisjoint, type Usage } from '../../pricing/usage/usage.ts';
import { json, text } from './attributes.ts';
import { conventionalCall } from './conventional.ts';
import type { Dialect } from './dialect.ts';
import { tagKeys } from './tags.ts';

const tags = tagKeys({
  prefixes: ['langfuse.observation.metadata.', 'langfuse.trace.metadata.', 'langfuse.metadata.'],
  names: {
    user_id: ['langfuse.user.id'],
    session_id: ['langfuse.session.id'],
    environment: ['langfuse.environment'],
    feature: ['langfuse.trace.name'],
  },
});

/** Types of observation that are calls; the others hold them. */
const operations: Readonly<Record<string, string>> = { generation: 'chat', embedding: 'embeddings' };

/**
 * The names of `usage_details`, whose counts do not overlap: `input` leaves the cache out (langfuse/langfuse issue 10592).
 * `total` and whatever else applications put there are no counts of ours.
 */
const buckets: Readonly<Record<string, string>> = {
  input: 'input',
  input_tokens: 'input',
  output: 'output',
  output_tokens: 'output',
  input_cached_tokens: 'cache_read',
  input_cache_read: 'cache_read',
  cache_read_input_tokens: 'cache_read',
  input_cache_creation: 'cache_write',
  input_cache_write: 'cache_write',
  cache_creation_input_tokens: 'cache_write',
  input_cache_creation_5m: 'cache_write_5m',
  input_cache_creation_1h: 'cache_write_1h',
  output_reasoning_tokens: 'reasoning',
  output_reasoning: 'reasoning',
  input_audio_tokens: 'input_audio',
  output_audio_tokens: 'output_audio',
};

/** The Langfuse SDKs, 2 to 5. Their `cost_details` are an estimate of the application or the SDK, and are not taken. */
export const langfuse: Dialect = {
  name: 'langfuse',
  scopes: /^langfuse-sdk$|^@langfuse\//,
  keys: ['langfuse.observation.type', 'langfuse.observation.model.name', 'langfuse.observation.usage_details'],
  read(span) {
    const { attributes } = span;
    const type = text(attributes, 'langfuse.observation.type');
    const model = text(attributes, 'langfuse.observation.model.name');
    // Langfuse's processor marks the spans of others with its tags only: those are for their own dialect.
    if (type === undefined && model === undefined) return undefined;
    const operation = operations[type ?? 'generation'];
    const usage = detailsOf(json(attributes, 'langfuse.observation.usage_details'));
    return conventionalCall(span, {
      dialect: langfuse.name,
      operation: operation ?? type,
      kind: operation === undefined ? 'aggregate' : 'call',
      ...(usage === undefined ? {} : { usage }),
      tags,
      call: { model: text(attributes, 'gen_ai.response.model') ?? model ?? text(attributes, 'gen_ai.request.model') },
    });
  },
};

/** Undefined where no count is known by name: the GenAI attributes are asked then. */
function detailsOf(details: Readonly<Record<string, unknown>> | undefined): Usage | undefined {
  if (details === undefined) return undefined;
  // OpenAI's own block may be given instead, and includes the cache.
  if (Object.hasOwn(details, 'prompt_tokens') || Object.hasOwn(details, 'input_tokens_details'))
    return readUsageBlock('openai', details).usage;
  const counts: Record<string, number> = {};
  for (const [name, value] of Object.entries(details)) {
    const unit = Object.hasOwn(buckets, name) ? buckets[name] : undefined;
    if (unit === undefined || typeof value !== 'number') continue;
    // The same bucket under two names is one bucket.
    counts[unit] ??= value;
  }
  return Object.keys(counts).length === 0 ? undefined : fromDisjoint(counts, 'reported');
}
