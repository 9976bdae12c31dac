import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadBudgets } from '../../../processor/budgets/load.ts';
import { renderPrometheus } from '../../../processor/budgets/render-prometheus.ts';

const folder = join(import.meta.dirname, '../../fixtures/budgets');

it('budgets are rendered as Prometheus alerting rules; what has no gauge is named', () => {
  const loaded = loadBudgets('render', readFileSync(join(folder, 'render.good.yaml'), 'utf8'));
  if (loaded.status === 'invalid') throw new Error('invalid');
  const { text, left } = renderPrometheus(loaded.rules);
  expect(text).toBe(readFileSync(join(folder, 'render.prometheus.yaml'), 'utf8'));
  expect(left).toEqual(['requests at 5 requests: there is no gauge of requests']);
});
