import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadBudgets, mistakesText } from '../../../processor/budgets/load.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/budgets.md'), 'utf8');
const examples = Array.from(page.matchAll(/^```yaml\n(.*?)^```$/gms), ([, text = '']) => text);

describe('docs/budgets.md', () => {
  it('has examples', () => expect(examples.length).toBeGreaterThan(4));

  it.each(examples.map((text) => [text.split('\n').slice(0, 3).join(' / '), text]))('%s', (_, text) => {
    const loaded = loadBudgets('docs/budgets.md', text);
    expect(loaded.status === 'invalid' ? mistakesText(loaded) : 'valid').toBe('valid');
  });
});
