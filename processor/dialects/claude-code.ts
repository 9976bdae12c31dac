import { fromDisjoint } from '../../pricing/usage/usage.ts';
import type { AttributeMap, Span } from '../otlp/request.ts';
import type { Call } from '../call.ts';
import { count, namingCulprit, text } from './attributes.ts';
import { conventionalCall } from './conventional.ts';
import type { Dialect } from './dialect.ts';
import { tagKeys } from './tags.ts';

export const claudeCodeTags = tagKeys({
  names: {
    user_id: ['user.account_uuid', 'user.account_id'],
    feature: ['skill.name', 'agent.name', 'query_source'],
  },
});

/**
 * Claude Code's spans (beta): `claude_code.llm_request`, with Anthropic's raw counts under bare names, so input leaves the
 * cache out. All other spans of it (interaction, tool) are no calls, whatever counts they carry.
 */
export const claudeCode: Dialect = {
  name: 'claude-code',
  scopes: /^claude-code$|^com\.anthropic\.claude_code/,
  keys: ['span.type', 'cache_creation_tokens', 'cache_read_tokens', 'input_tokens'],
  read(span) {
    const isOurs = claudeCode.scopes?.test(span.scope.name) === true || span.name.startsWith('claude_code.');
    if (!isOurs) return undefined;
    const type = text(span.attributes, 'span.type') ?? span.name.replace(/^claude_code\./, '');
    return type === 'llm_request' ? readClaudeCode(span, claudeCode.name) : null;
  },
};

/** The same fields on spans and on log records. */
export function readClaudeCode(span: Span, dialect: string): Call | null {
  const { attributes } = span;
  const usage = rawUsage(attributes);
  return conventionalCall(span, {
    dialect,
    operation: 'chat',
    // A gateway may have written the convention's names on the span already; they are its totals then.
    ...(usage === undefined ? {} : { usage }),
    tags: claudeCodeTags,
    call: {
      provider: text(attributes, 'gen_ai.provider.name', 'gen_ai.system') ?? 'anthropic',
      model: text(attributes, 'gen_ai.response.model', 'model', 'gen_ai.request.model'),
      responseId: text(attributes, 'gen_ai.response.id', 'request_id'),
      ...(text(attributes, 'speed') === 'fast' ? { tier: 'priority' as const } : {}),
    },
  });
}

function rawUsage(attributes: AttributeMap): Call['usage'] | undefined {
  if (count(attributes, 'gen_ai.usage.input_tokens') !== undefined) return undefined;
  const counts = {
    input: count(attributes, 'input_tokens'),
    cache_read: count(attributes, 'cache_read_tokens'),
    cache_write: count(attributes, 'cache_creation_tokens'),
    output: count(attributes, 'output_tokens'),
  };
  if (Object.values(counts).every((value) => value === undefined)) return undefined;
  return namingCulprit(fromDisjoint(counts, 'reported'), attributes);
}
