import { text } from './attributes.ts';
import { conventionalCall } from './conventional.ts';
import type { Dialect } from './dialect.ts';
import { vendor } from './vendor.ts';

/**
 * Semantic Kernel, the Microsoft Agent Framework, Microsoft.Extensions.AI and the Azure AI SDKs: the convention, with the
 * older operation names of Semantic Kernel (`chat.completions`), and agents that carry the model and the sum as if they
 * were calls.
 */
export const microsoft: Dialect = {
  name: 'microsoft',
  scopes:
    /^(Experimental\.)?(Microsoft\.(SemanticKernel|Agents|Extensions\.AI)|Azure\.AI)|^agent_framework|^azure\.ai\./,
  keys: ['az.namespace'],
  read(span) {
    const { attributes, scope } = span;
    const operation = text(attributes, 'gen_ai.operation.name');
    if (operation === undefined && !microsoft.scopes?.test(scope.name)) return undefined;
    const called = operation?.startsWith('chat.') === true || operation?.startsWith('text.') === true;
    return conventionalCall(span, {
      dialect: microsoft.name,
      operation: called ? (operation.startsWith('chat.') ? 'chat' : 'text_completion') : operation,
      call: { provider: vendor(text(attributes, 'gen_ai.provider.name', 'gen_ai.system')) },
    });
  },
};
