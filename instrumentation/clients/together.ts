import type { Client } from './client.ts';
import { stainlessRequests, stainlessStreams } from './stainless.ts';

/** https://www.npmjs.com/package/together-ai */
export const together: Client = (observing) => ({
  name: 'together-ai',
  majors: [0, 0],
  files: [
    stainlessRequests({ file: 'client', className: 'Together' }, { provider: 'together_ai' }, observing),
    stainlessStreams('core/streaming'),
  ],
});
