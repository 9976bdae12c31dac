import type { AttributeMap } from '../../otlp/request.ts';
import { count, text } from '../attributes.ts';
import { codexTags } from '../codex.ts';
import { conventionalCall } from '../conventional.ts';
import type { TokenCounts } from '../counts.ts';
import type { LogDialect } from './log-dialect.ts';

/**
 * Codex' events: of those for each piece of a stream (`codex.sse_event`, `codex.websocket_event`) only that of kind
 * `response.completed` has counts. They may be texts; input includes the cache, and output the reasoning; what is called
 * `tool_token_count` is the total. `codex.turn_cost` is an estimate of a whole turn.
 */
export const codexLog: LogDialect = {
  name: 'codex-log',
  marks: ['codex.'],
  read(record) {
    const { attributes, name } = record;
    if (!name.startsWith('codex.')) return undefined;
    const isStream = name === 'codex.sse_event' || name === 'codex.websocket_event';
    if (!isStream || text(attributes, 'event.kind') !== 'response.completed') return null;
    return conventionalCall(record, {
      dialect: codexLog.name,
      operation: 'chat',
      counts: countsOf(attributes),
      input: 'inclusive',
      reasoningApart: false,
      tags: codexTags,
      call: {
        provider: text(attributes, 'gen_ai.provider.name') ?? 'openai',
        model: text(attributes, 'model', 'slug'),
      },
    });
  },
};

function countsOf(attributes: AttributeMap): TokenCounts {
  return {
    input: count(attributes, 'input_token_count'),
    output: count(attributes, 'output_token_count'),
    cacheRead: count(attributes, 'cached_token_count'),
    cacheWrite: count(attributes, 'cache_write_token_count'),
    reasoning: count(attributes, 'reasoning_token_count'),
  };
}
