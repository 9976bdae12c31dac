import { asLogicalCall } from '../claim.ts';
import { wrapMethod } from '../wrap.ts';
import type { Client } from './client.ts';

type Method = (this: unknown, ...args: unknown[]) => Promise<unknown>;

/**
 * https://www.npmjs.com/package/ollama: requests go out by fetch, which is watched below; what is watched here says that
 * the host, whatever its name, is Ollama.
 */
export const ollama: Client = () => ({
  name: 'ollama',
  majors: [0, 0],
  files: [
    {
      file: 'dist/index',
      names: ['Ollama'],
      patch({ Ollama }) {
        if (typeof Ollama !== 'function') return false;
        return ['processStreamableRequest', 'embed', 'embeddings'].every((name) =>
          wrapMethod(
            Ollama.prototype as object,
            name,
            (method: Method) =>
              function (this: unknown, ...args) {
                return asLogicalCall('ollama', () => method.apply(this, args));
              },
          ),
        );
      },
    },
  ],
});
