import { text } from './attributes.ts';
import type { Dialect } from './dialect.ts';
import { readVercel } from './vercel-ai.ts';
import { vendor } from './vendor.ts';

/**
 * opencode: the spans of the Vercel AI SDK under a scope of its own. A ChatGPT login goes by the model prefix
 * `openai_codex/`, which says who bills and not which model it is.
 */
export const opencode: Dialect = {
  name: 'opencode',
  scopes: /^opencode$/,
  keys: [],
  read(span) {
    if (span.scope.name !== 'opencode') return undefined;
    const call = readVercel(span, opencode.name);
    if (call === null) return null;
    const named = text(span.attributes, 'gen_ai.response.model', 'gen_ai.request.model', 'ai.model.id');
    return {
      ...call,
      provider: vendor(call.provider),
      model: named?.startsWith('openai_codex/') === true ? named.slice('openai_codex/'.length) : call.model,
    };
  },
};
