import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const rules = join(import.meta.dirname, '../fixtures/budgets/render.prometheus.yaml');
const folder = mkdtempSync(join(tmpdir(), 'spanledger-promtool-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const promtool = (...args: readonly string[]): string =>
  execFileSync('promtool', args, { encoding: 'utf8', stdio: 'pipe' });

const missing = ((): boolean => {
  try {
    promtool('--version');
    return false;
  } catch {
    return true;
  }
})();
if (missing) process.stderr.write('SKIPPED: no promtool on this machine to check the rendered rules with\n');

describe.skipIf(missing)('the rendered budgets', () => {
  test('are rules that Prometheus accepts', () => {
    expect(promtool('check', 'rules', rules)).toContain('SUCCESS: 5 rules found');
  });

  test('fire as the budgets would', () => {
    const path = join(folder, 'test.yaml');
    const series = (name: string, values: string): string =>
      `      - { series: '${name}{budget="customer-monthly",key="customer_id=acme"}', values: '${values}' }`;
    const labels = `{ owner: growth, budget: customer-monthly, key: customer_id=acme, basis: actual, period: month`;
    writeFileSync(
      path,
      `rule_files: ['${rules}']
tests:
  - interval: 1m
    input_series:
${series('spanledger_budget_ratio', '0.5 0.69 0.7 0.95')}
${series('spanledger_budget_spent_usd', '2.5 3.45 3.5 4.75')}
    alert_rule_test:
      - { eval_time: 1m, alertname: BudgetThreshold, exp_alerts: [] }
      - eval_time: 3m
        alertname: BudgetThreshold
        exp_alerts:
          - exp_labels: ${labels}, threshold: 70%, severity: warning }
            exp_annotations: { summary: 'customer_id=acme of growth is at 95%' }
`,
    );
    expect(promtool('test', 'rules', path)).toContain('SUCCESS');
  });
});
