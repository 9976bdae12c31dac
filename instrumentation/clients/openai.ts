import type { Client } from './client.ts';
import { refuses, stainlessRequests, stainlessStreams, type StainlessInstance } from './stainless.ts';

/** Hosts that tell the usage of a stream unasked; some of them answer the question with an error. */
const tellUnasked = new Set([
  'api.mistral.ai',
  'api.groq.com',
  'api.perplexity.ai',
  'api.together.xyz',
  'api.x.ai',
  'openrouter.ai',
  'router.huggingface.co',
]);

/** https://www.npmjs.com/package/openai; AzureOpenAI and every subclass inherit what is patched here. */
export const openai: Client = (observing) => ({
  name: 'openai',
  majors: [4, 7],
  files: [
    stainlessRequests({ file: 'client', className: 'OpenAI' }, { provider: 'openai', mayAsk }, observing),
    stainlessStreams('core/streaming'),
    // 4.x
    stainlessRequests(
      { file: 'core', className: 'APIClient', optional: true },
      { provider: 'openai', mayAsk },
      observing,
    ),
    stainlessStreams('streaming', { optional: true }),
  ],
});

function mayAsk(client: StainlessInstance, url: string): boolean {
  const { hostname } = new URL(url);
  if (tellUnasked.has(hostname) || refuses(url)) return false;
  // Azure knows the question since 2024-09-01-preview; its undated v1 API always did.
  const version = client['apiVersion'];
  return typeof version !== 'string' || !/^\d{4}-/.test(version) || version >= '2024-09-01';
}
