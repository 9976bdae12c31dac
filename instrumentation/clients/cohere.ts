import { asLogicalCall } from '../claim.ts';
import type { Client } from './client.ts';

type WithRetries = (request: unknown, ...rest: unknown[]) => Promise<unknown>;

/**
 * https://www.npmjs.com/package/cohere-ai: requests go out by fetch, which is watched below; `requestWithRetries` holds the
 * attempts of one call together. It is called through its module, so replacing what the module exports is enough.
 */
export const cohere: Client = () => ({
  name: 'cohere-ai',
  majors: [7, 8],
  files: ['core/fetcher/requestWithRetries', 'dist/core/fetcher/requestWithRetries'].map((file) => ({
    file,
    optional: true,
    names: ['exports'],
    patch(loaded) {
      const exports = (loaded['exports'] ?? loaded) as { requestWithRetries?: WithRetries & { wrapped?: true } };
      const { requestWithRetries } = exports;
      if (typeof requestWithRetries !== 'function') return false;
      if (requestWithRetries.wrapped === true) return true;
      const replacement: WithRetries & { wrapped?: true } = (...args) =>
        asLogicalCall('cohere', () => requestWithRetries(...args));
      replacement.wrapped = true;
      exports.requestWithRetries = replacement;
      return true;
    },
  })),
});
