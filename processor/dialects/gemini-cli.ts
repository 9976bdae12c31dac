import { text } from './attributes.ts';
import { conventionalCall } from './conventional.ts';
import type { Dialect } from './dialect.ts';
import { tagKeys } from './tags.ts';

export const geminiCliTags = tagKeys({ names: { user_id: ['installation.id'] } });

/** Gemini CLI's spans: `llm_call` is one answer; `gen_ai.agent.name` is on all of them. */
export const geminiCli: Dialect = {
  name: 'gemini-cli',
  scopes: /^gemini[-_]cli$/,
  keys: [],
  read(span) {
    if (!/^gemini[-_]cli$/.test(span.scope.name)) return undefined;
    const operation = text(span.attributes, 'gen_ai.operation.name');
    const isCall = operation === 'llm_call' || span.name === 'llm_call';
    return conventionalCall(span, {
      dialect: geminiCli.name,
      operation: isCall ? 'generate_content' : operation,
      tags: geminiCliTags,
      call: { provider: text(span.attributes, 'gen_ai.provider.name', 'gen_ai.system') ?? 'gcp.gemini' },
    });
  },
};
