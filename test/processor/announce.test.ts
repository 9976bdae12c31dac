import { describe, expect, it } from 'vitest';
import { announcer, callLine } from '../../processor/announce.ts';
import { makeEntry } from '../support/entries.ts';

describe('the line of a call', () => {
  it('has model, tokens, cost and customer', () => {
    const entry = makeEntry(1, { counts: { input: 1250, output: 340 }, dimensions: { model: 'gpt-4o' } });
    expect(callLine(entry)).toBe('gpt-4o 1,250/340 $0.006525 customer=—');
  });
  it('says so where there is no price', () => {
    const charge = { status: 'unpriced', reason: 'unknown_model', detail: '' } as const;
    const entry = makeEntry(1, {
      charge,
      dimensions: { model: 'acme-13b', customer_id: 'blue-harbor', status: 'unpriced' },
    });
    expect(callLine(entry)).toBe('acme-13b 800/200 unpriced (unknown_model) customer=blue-harbor');
  });
  it("moves nobody's cursor", () => {
    const entry = makeEntry(1, { dimensions: { model: '\u001b[2Jgpt\n', customer_id: 'x'.repeat(500) } });
    expect(callLine(entry)).toMatch(/^\?\[2Jgpt\? 800\/200 \$0\.004 customer=x{80}$/);
  });
});

describe('the first calls', () => {
  const many = (count: number, inserted = true) =>
    Array.from({ length: count }, (_, n) => ({ entry: makeEntry(n), inserted }));

  it('are printed at most five a second and twenty in all', () => {
    const lines: string[] = [];
    let now = 0;
    const announce = announcer(
      (line) => lines.push(line),
      () => now,
    );
    announce(many(9));
    expect(lines).toHaveLength(5);
    for (now = 1000; now <= 10_000; now += 1000) announce(many(9));
    expect(lines).toHaveLength(21);
    expect(lines.at(-1)).toBe('… that were the first 20 calls; the page has them all');
  });
  it('leave resends out', () => {
    const lines: string[] = [];
    announcer((line) => lines.push(line))(many(3, false));
    expect(lines).toEqual([]);
  });
});
