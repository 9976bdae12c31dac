import { build } from 'esbuild';
import { expect, it } from 'vitest';

it('a bundle that wants one reader leaves the list of all kinds out', async () => {
  const index = new URL('../../../../pricing/usage/blocks/index.ts', import.meta.url).pathname;
  const { outputFiles } = await build({
    stdin: { contents: `export { readOpenAIChatUsage } from ${JSON.stringify(index)};`, resolveDir: '/' },
    bundle: true,
    format: 'esm',
    write: false,
  });
  const [{ text } = { text: '' }] = outputFiles;
  expect(text).toContain('prompt_tokens');
  expect(text).not.toContain('gateway-rerank');
});
