import type { Client } from './client.ts';
import { stainlessRequests, stainlessStreams } from './stainless.ts';

/** https://www.npmjs.com/package/@anthropic-ai/sdk; its own spans are the application's, and are left alone. */
export const anthropic: Client = (observing) => ({
  name: '@anthropic-ai/sdk',
  majors: [0, 1],
  files: [
    stainlessRequests({ file: 'client', className: 'BaseAnthropic' }, { provider: 'anthropic' }, observing),
    stainlessStreams('core/streaming'),
    // The older layout of 0.x
    stainlessRequests({ file: 'core', className: 'APIClient', optional: true }, { provider: 'anthropic' }, observing),
    stainlessStreams('streaming', { optional: true }),
  ],
});
