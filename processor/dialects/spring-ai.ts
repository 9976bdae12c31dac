import { text } from './attributes.ts';
import { conventionalCall } from './conventional.ts';
import type { Dialect } from './dialect.ts';
import { tagKeys } from './tags.ts';

const tags = tagKeys({ names: { session_id: ['spring.ai.chat.client.conversation.id'] } });

/** Operation names of Spring AI's observations to the convention's. `framework` is the client around the model call. */
const operations: Readonly<Record<string, string>> = { embedding: 'embeddings', framework: 'invoke_workflow' };

/** Spring AI by way of Micrometer, whose scope is that of Spring Boot for everything. Counts may be text. */
export const springAi: Dialect = {
  name: 'spring-ai',
  scopes: /^org\.springframework\./,
  keys: ['spring.ai.kind', 'spring.ai.chat.client.stream'],
  read(span) {
    const { attributes } = span;
    const operation = text(attributes, 'gen_ai.operation.name');
    if (operation === undefined) return undefined;
    return conventionalCall(span, { dialect: springAi.name, operation: operations[operation] ?? operation, tags });
  },
};
