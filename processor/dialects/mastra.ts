import { text } from './attributes.ts';
import { conventionalCall } from './conventional.ts';
import type { Dialect } from './dialect.ts';
import { tagKeys } from './tags.ts';

const tags = tagKeys({ prefixes: ['mastra.metadata.'], names: { user_id: ['mastra.metadata.resourceId'] } });

/**
 * Mastra. A generation holds steps and a step its inference; which of them carries usage differs by version, so only the
 * innermost is a call at once and the others are charged if nothing below them said what it used.
 */
export const mastra: Dialect = {
  name: 'mastra',
  scopes: /^@mastra\/|^mastra/,
  keys: ['mastra.span.type', 'mastra.span_id', 'mastra.metadata.runId'],
  read(span) {
    const { attributes } = span;
    const type = text(attributes, 'mastra.span.type');
    return conventionalCall(span, {
      dialect: mastra.name,
      operation: text(attributes, 'gen_ai.operation.name') ?? (type?.startsWith('model_') === true ? 'chat' : type),
      kind: type === undefined || type === 'model_inference' || type === 'embedding' ? 'call' : 'aggregate',
      tags,
    });
  },
};
