import { asLogicalCall } from '../claim.ts';
import { wrapMethod } from '../wrap.ts';
import type { Client } from './client.ts';

type Request = (this: unknown, ...args: unknown[]) => Promise<unknown>;

/**
 * https://www.npmjs.com/package/replicate: requests go out by fetch, which is watched below; `request` holds the attempts of
 * one call together.
 */
export const replicate: Client = () => ({
  name: 'replicate',
  majors: [1, 1],
  files: [
    {
      file: 'index',
      names: ['Replicate'],
      patch: ({ Replicate }) =>
        typeof Replicate === 'function' &&
        wrapMethod(
          Replicate.prototype as object,
          'request',
          (request: Request) =>
            function (this: unknown, ...args) {
              return asLogicalCall('replicate', () => request.apply(this, args));
            },
        ),
    },
  ],
});
