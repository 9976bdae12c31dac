import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatUsd, parseUsd } from '../../pricing/money.ts';
import { percentOff, settle, type Commitment, type MonthSpend, type VolumeDiscount } from '../../pricing/settle.ts';

const commitment: Commitment = {
  name: 'openai 2026',
  provider: 'openai',
  amount: parseUsd('1000'),
  period: 'month',
  from: '2026-01',
  until: '2026-12',
  off: percentOff('10'),
  overageOff: percentOff('5'),
};
const volume: VolumeDiscount = {
  name: 'volume',
  provider: 'openai',
  period: 'month',
  steps: [
    { above: parseUsd('1000'), off: percentOff('5') },
    { above: parseUsd('2000'), off: percentOff('10') },
  ],
};
const spend = (amount: string, month = '2026-11', provider = 'openai'): MonthSpend => ({
  month,
  provider,
  model: 'gpt-4o',
  amount: parseUsd(amount),
});
const lines = (...args: Parameters<typeof settle>): string[] =>
  settle(...args).map(({ kind, period, amount }) => `${kind} ${period} ${formatUsd(amount)}`);

describe('a period’s settlement', () => {
  it.each([
    ['600', ['commitment_discount 2026-11 -60', 'unused_commitment 2026-11 460']],
    // $1,111.11 at list is what $1,000 buys at 10 % off.
    ['2000', ['commitment_discount 2026-11 -111.11', 'overage_discount 2026-11 -44.44']],
    ['0', ['unused_commitment 2026-11 1000']],
  ])('a commitment of $1,000 with $%s spent', (amount, expected) => {
    expect(lines({ commitments: [commitment], volumes: [] }, [spend(amount)])).toEqual(expected);
  });

  it('leaves the spend of others and months outside alone', () => {
    expect(lines({ commitments: [commitment], volumes: [] }, [spend('600', '2027-01')])).toEqual([]);
    expect(lines({ commitments: [commitment], volumes: [] }, [spend('600', '2026-11', 'mistral')])).toEqual([
      'unused_commitment 2026-11 1000',
    ]);
  });

  it.each([
    ['1000', []],
    ['1500', ['volume_discount 2026-11 -25']],
    ['2500', ['volume_discount 2026-11 -100']],
  ])('volume steps with $%s spent', (amount, expected) => {
    expect(lines({ commitments: [], volumes: [volume] }, [spend(amount)])).toEqual(expected);
  });

  it('settles a year on its months', () => {
    const yearly = { ...commitment, period: 'year', amount: parseUsd('3000') } as const;
    expect(lines({ commitments: [yearly], volumes: [] }, [spend('1000', '2026-02'), spend('500', '2026-11')])).toEqual([
      'commitment_discount 2026 -150',
      'unused_commitment 2026 1650',
    ]);
  });

  it('never bills less than the commitment, nor more than list beyond it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000_000 }), (cents) => {
        const row = spend(formatUsd(BigInt(cents) * 10n ** 13n));
        const bill = settle({ commitments: [commitment], volumes: [] }, [row]).reduce(
          (sum, line) => sum + line.amount,
          row.amount,
        );
        // Each line is rounded to the cent by itself.
        const cent = parseUsd('0.01');
        expect(bill >= commitment.amount - cent).toBe(true);
        expect(bill <= (row.amount > commitment.amount ? row.amount : commitment.amount) + cent).toBe(true);
      }),
    );
  });

  it('reads percentages exactly', () => {
    expect([percentOff('12.5'), percentOff('0'), percentOff('100')]).toEqual([1250n, 0n, 10_000n]);
    for (const wrong of ['101', '-1', '1.005', 'x']) expect(() => percentOff(wrong)).toThrow(RangeError);
  });
});
