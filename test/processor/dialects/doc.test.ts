import { expect, it } from 'vitest';
import { dialectsDoc } from './doc.ts';

it('docs/dialects.md says what is read, and which fixture proves it (vitest -u writes it)', async () => {
  await expect(dialectsDoc()).toMatchFileSnapshot('../../../docs/dialects.md');
});
