import { describe, expect, it } from 'vitest';
import { indexNames, matches } from '../../pricing/pattern.ts';

const index = indexNames([
  { item: 'family', names: ['gpt-4o*'] },
  { item: 'mini', names: ['gpt-4o-mini*'] },
  { item: 'exact', names: ['gpt-4o-mini-tts'] },
  { item: 'infix', names: ['*claude-v2*'] },
  { item: 'suffix', names: ['*-latest'] },
  { item: 'dated', names: ['/^acme-\\d{8}$/'] },
]);

describe('names', () => {
  it.each([
    ['gpt-4o', 'family'],
    ['GPT-4o-2031', 'family'],
    ['gpt-4o-mini-2024', 'mini'],
    ['gpt-4o-mini-tts', 'exact'],
    ['anthropic.claude-v2:1', 'infix'],
    ['mistral-latest', 'suffix'],
    ['acme-20260101', 'dated'],
    ['ACME-20260101', undefined],
    ['acme-2026', undefined],
    ['', undefined],
  ])('%s is %s', (name, item) => {
    expect(index.find(name)).toBe(item);
  });

  it('do not let one star match the same letters twice', () => {
    expect(matches(['ab*ba'], 'aba')).toBe(false);
    expect(matches(['ab*ba'], 'abba')).toBe(true);
    expect(matches(['a*b*c'], 'a1b2c')).toBe(true);
    expect(matches(['a*b*c'], 'acb')).toBe(false);
  });
});
