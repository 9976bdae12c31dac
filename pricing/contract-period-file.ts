/** The parts of contract.yaml that are settled by the period: commitments and discounts by volume. */
import { amount, attempt, off, optional } from './contract-values.ts';
import { providerName } from './model-id.ts';
import type { Commitment, VolumeDiscount } from './settle.ts';
import { child, items, open, pattern, text, type Node } from './strict-reader.ts';

export function readCommitment(node: Node): Commitment {
  const fields = open(node, [
    'name',
    'provider',
    'models',
    'amount',
    'period',
    'from',
    'until',
    'percent_off',
    'overage_percent_off',
  ]);
  const models = optional(fields('models'), (list) => items(list).map(pattern));
  return {
    name: text(fields('name')),
    provider: providerName(text(fields('provider'))),
    ...(models === undefined ? {} : { models }),
    amount: amount(fields('amount')),
    period: periodKind(fields('period')),
    from: month(fields('from')),
    until: month(fields('until')),
    off: optional(fields('percent_off'), off) ?? 0n,
    overageOff: optional(fields('overage_percent_off'), off) ?? 0n,
  };
}

export function readVolume(node: Node): VolumeDiscount {
  const fields = open(node, ['name', 'provider', 'models', 'period', 'steps']);
  const models = optional(fields('models'), (list) => items(list).map(pattern));
  const steps = items(fields('steps')).map((step) => {
    const inner = open(step, ['above', 'percent_off']);
    return { above: amount(inner('above')), off: off(inner('percent_off')) };
  });
  for (const [index, { above }] of steps.entries())
    if (index > 0 && above <= (steps[index - 1]?.above ?? 0n))
      node.report(child(child(node, 'steps', undefined), index, undefined), 'steps must go up');
  return {
    name: text(fields('name')),
    provider: providerName(text(fields('provider'))),
    ...(models === undefined ? {} : { models }),
    period: periodKind(fields('period')),
    steps,
  };
}

function month(node: Node): string {
  return attempt(node, '', (value) => {
    if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(value)) throw new RangeError(`"${value}" is not a month such as 2026-11`);
    return value;
  });
}

function periodKind(node: Node): 'month' | 'year' {
  return attempt(node, 'month', (value) => {
    if (value !== 'month' && value !== 'year') throw new RangeError(`"${value}" is neither month nor year`);
    return value;
  });
}
