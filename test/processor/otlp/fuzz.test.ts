/** Requests that were changed at random, and whatever `npm run fuzz` has found: no crash, no hang, nothing but errors of ours. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mutate, randomFrom } from '../../fuzz/mutate.ts';
import { targets } from '../../fuzz/targets.ts';

const folder = join(import.meta.dirname, '../../fixtures/fuzz');
const found = existsSync(folder) ? readdirSync(folder) : [];

describe.each(Object.entries(targets))('%s', (name, { seeds, run }) => {
  it('changed at random', async () => {
    const one = fc.constantFrom(...seeds);
    await fc.assert(
      fc.asyncProperty(one, one, fc.nat(), async (bytes, other, seed) => {
        const began = performance.now();
        await run(mutate(bytes, other, randomFrom(seed)));
        expect(performance.now() - began).toBeLessThan(5_000);
      }),
      { numRuns: 200 },
    );
  });

  it('as it was found', async () => {
    for (const file of found.filter((each) => each.startsWith(`${name}.`))) await run(readFileSync(join(folder, file)));
  });
});
