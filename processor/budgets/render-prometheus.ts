import { stringify } from 'yaml';
import { formatUsd } from '../../pricing/money.ts';
import { metricTable, type MetricName } from '../metrics.ts';
import { shareText } from './quantity.ts';
import type { Rule, Threshold } from './rule.ts';
import type { Template } from './template.ts';

/** A text for people who alert in Prometheus, or what of it could not be said there. */
export interface Rendered {
  readonly text: string;
  /** Thresholds that our gauges cannot express. */
  readonly left: readonly string[];
}

const HEAD = `# Ordinary Prometheus alerting rules over the gauges of the processor's /metrics, for those who alert there only.
# Of each budget the fullest keys have series. "keep_firing_for" needs Prometheus 2.42 or later.
`;

/**
 * The budgets as Prometheus alerting rules over our gauges.
 *
 * @example renderPrometheus(rules).text // groups: - name: customers …
 */
export function renderPrometheus(rules: readonly Rule[]): Rendered {
  const left: string[] = [];
  const groups = new Map<string, unknown[]>();
  for (const rule of rules) {
    const group = groups.get(rule.group) ?? [];
    groups.set(rule.group, group);
    for (const threshold of rule.thresholds) {
      const expr = expression(rule, threshold);
      if (expr === undefined) left.push(`${rule.budget} at ${threshold.label}: ${whyLeft(rule, threshold)}`);
      else group.push(alertRule(rule, threshold, expr));
    }
  }
  const file = { groups: Array.from(groups, ([name, alerts]) => ({ name, rules: alerts })) };
  return { text: HEAD + stringify(file, { lineWidth: 0 }), left };
}

function alertRule(
  rule: Rule,
  { at, label, basis, severity, forUs }: Threshold,
  expr: string,
): Readonly<Record<string, unknown>> {
  const isUsd = at.kind === 'fixed' || (rule.amount.value === 0n && rule.ofRevenue === undefined);
  const value = isUsd ? '{{ $value }} USD' : '{{ $value | humanizePercentage }}';
  const labels = { ...rule.labels, threshold: label, basis, severity, period: rule.period };
  const known = { ...labels, alertname: 'BudgetThreshold', budget: rule.budget };
  return {
    alert: 'BudgetThreshold',
    expr,
    ...(forUs > 0 ? { for: `${forUs / 1_000_000}s` } : {}),
    ...(rule.keepFiringUs > 0 ? { keep_firing_for: `${rule.keepFiringUs / 1_000_000}s` } : {}),
    labels,
    annotations: {
      summary: `{{ $labels.budget }} {{ $labels.key }} is at or above ${label} of its ${rule.period} budget${basis === 'forecast' ? ' by the forecast' : ''}`,
      ...Object.fromEntries(
        Object.entries(rule.annotations).map(([name, text]) => [name, template(text, known, value)]),
      ),
    },
  };
}

function whyLeft({ trend, amount }: Rule, { basis }: Threshold): string {
  if (trend !== undefined) return 'only the processor compares windows';
  return basis === 'margin' ? 'there is no gauge of revenue' : `there is no gauge of ${amount.unit}`;
}

/** Undefined where the gauges do not say it. */
function expression({ budget, amount, ofRevenue, trend }: Rule, { at, basis }: Threshold): string | undefined {
  if (trend !== undefined || basis === 'margin') return undefined;
  const gauge = (name: MetricName): string => `${metricTable[name].name.replaceAll('.', '_')}{budget="${budget}"}`;
  const usd = amount.unit === 'USD';
  // Of an amount of 0 there is no ratio: the first spend is over.
  if (amount.value === 0n && ofRevenue === undefined && at.kind === 'share')
    return usd && basis === 'actual' ? `${gauge('budget_spent')} > 0` : undefined;
  if (at.kind === 'fixed')
    return usd && basis === 'actual' ? `${gauge('budget_spent')} >= ${formatUsd(at.amount.value)}` : undefined;
  const ratio = gauge(basis === 'actual' ? 'budget_ratio' : 'budget_forecast_ratio');
  return `${ratio} >= ${shareText(at.numerator, at.denominator, 10)}`;
}

/**
 * In Prometheus all `by` labels are one, `key`, and the value is what the expression found: a ratio, or USD. Labels that a
 * rule adds are not seen by its templates, so they are written out.
 */
function template(parts: Template, known: Readonly<Record<string, string>>, value: string): string {
  return parts
    .map((part) => {
      if (typeof part === 'string') return part;
      return 'value' in part ? value : (known[part.label] ?? '{{ $labels.key }}');
    })
    .join('');
}
