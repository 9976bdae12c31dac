import type { Client } from './client.ts';
import { stainlessRequests, stainlessStreams } from './stainless.ts';

/** https://www.npmjs.com/package/groq-sdk; streams tell their usage unasked, in `x_groq`. */
export const groq: Client = (observing) => ({
  name: 'groq-sdk',
  majors: [1, 1],
  files: [
    stainlessRequests({ file: 'client', className: 'Groq' }, { provider: 'groq' }, observing),
    stainlessStreams('core/streaming'),
  ],
});
