import { asLogicalCall } from '../claim.ts';
import type { PatchedFile } from '../hook.ts';
import { wrapMethod } from '../wrap.ts';
import type { Client } from './client.ts';

type Do = (this: unknown, ...args: unknown[]) => Promise<unknown>;

const sdk = (file: string): PatchedFile => ({
  file,
  names: ['ClientSDK'],
  patch: ({ ClientSDK }) =>
    typeof ClientSDK === 'function' &&
    wrapMethod(
      ClientSDK.prototype as object,
      '_do',
      (send: Do) =>
        function (this: unknown, ...args) {
          return asLogicalCall('mistral_ai', () => send.apply(this, args));
        },
    ),
});

/**
 * https://www.npmjs.com/package/@mistralai/mistralai: requests go out by fetch, which is watched below; `_do` holds the
 * retries of one call together.
 */
export const mistral: Client = () => ({
  name: '@mistralai/mistralai',
  majors: [1, 2],
  // 1.x has CommonJS at its root, ES modules in esm/ as 2.x has.
  files: [sdk('lib/sdks'), sdk('esm/lib/sdks')],
});
