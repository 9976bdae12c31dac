import { asLogicalCall } from '../claim.ts';
import { wrapMethod } from '../wrap.ts';
import type { Client } from './client.ts';

type ApiCall = (this: unknown, ...args: unknown[]) => Promise<unknown>;

/**
 * https://www.npmjs.com/package/@google/genai: requests go out by fetch, which is watched below; `apiCall` holds the retries
 * of one call together. Its class is not exported.
 */
export const genai: Client = () => ({
  name: '@google/genai',
  majors: [1, 3],
  files: ['dist/node/index'].map((file) => ({
    file,
    names: ['ApiClient'],
    patch: ({ ApiClient }) =>
      typeof ApiClient === 'function' &&
      wrapMethod(
        ApiClient.prototype as object,
        'apiCall',
        (apiCall: ApiCall) =>
          function (this: unknown, ...args) {
            return asLogicalCall('gcp.gemini', () => apiCall.apply(this, args));
          },
      ),
  })),
});
