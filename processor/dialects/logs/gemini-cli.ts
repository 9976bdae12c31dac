import { count, sum, text } from '../attributes.ts';
import { conventionalCall } from '../conventional.ts';
import { geminiCliTags } from '../gemini-cli.ts';
import type { LogDialect } from './log-dialect.ts';

/**
 * Gemini CLI's event for each answer, `gemini_cli.api_response`: input includes the cache, thoughts stand beside the output,
 * and what tools put into the prompt beside the input. Its event of the GenAI conventions repeats the same answer.
 */
export const geminiCliLog: LogDialect = {
  name: 'gemini-cli-log',
  marks: ['gemini_cli.'],
  read(record) {
    const { attributes, name } = record;
    if (!name.startsWith('gemini_cli.')) return undefined;
    if (name !== 'gemini_cli.api_response') return null;
    return conventionalCall(record, {
      dialect: geminiCliLog.name,
      operation: 'generate_content',
      counts: {
        input: sum(count(attributes, 'input_token_count'), count(attributes, 'tool_token_count')),
        output: count(attributes, 'output_token_count'),
        cacheRead: count(attributes, 'cached_content_token_count'),
        reasoning: count(attributes, 'thoughts_token_count'),
      },
      input: 'inclusive',
      reasoningApart: true,
      tags: geminiCliTags,
      call: {
        provider: text(attributes, 'gen_ai.provider.name') ?? 'gcp.gemini',
        model: text(attributes, 'model'),
        responseId: text(attributes, 'response_id', 'gen_ai.response.id'),
      },
    });
  },
};
