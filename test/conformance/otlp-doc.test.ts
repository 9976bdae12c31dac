import { expect, it } from 'vitest';
import { conformanceDoc, gaps } from './otlp-doc.ts';

it('every row of the specification is tried by a test that names it', () => {
  expect(gaps()).toEqual([]);
});

it('docs/conformance.md says which (vitest -u writes it)', async () => {
  await expect(conformanceDoc()).toMatchFileSnapshot('../../docs/conformance.md');
});
