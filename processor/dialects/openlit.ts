import { text } from './attributes.ts';
import { conventionalCall } from './conventional.ts';
import type { Dialect } from './dialect.ts';
import { tagKeys } from './tags.ts';

const tags = tagKeys({
  names: {
    user_id: ['gen_ai.request.user'],
    environment: ['gen_ai.environment'],
    service: ['gen_ai.application_name'],
  },
});

/**
 * OpenLIT, JavaScript and Python. Older versions say `gen_ai.operation.name` of their own (`embedding`, `image`);
 * `gen_ai.usage.cost` is its own estimate.
 */
export const openlit: Dialect = {
  name: 'openlit',
  scopes: /^openlit/,
  keys: ['gen_ai.application_name'],
  read(span) {
    const operation = text(span.attributes, 'gen_ai.operation.name', 'gen_ai.type');
    return conventionalCall(span, {
      dialect: openlit.name,
      operation: operation === 'embedding' ? 'embeddings' : operation,
      tags,
    });
  },
};
