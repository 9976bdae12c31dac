/** Alerts about the processor and its figures. Those about money are budgets: `spanledger budgets render`. */
import { STALE_DAYS } from '../pricing/audit.ts';
import { stringify } from 'yaml';
import { metricTable } from '../processor/metrics.ts';
import { prometheusName } from '../processor/metrics/exposition.ts';
import { series } from './promql.ts';

/** Whatever team, plan and environment. */
const cost = prometheusName(metricTable.cost);

export interface AlertRule {
  readonly alert: string;
  /** The figure, and what it is compared with: apart, so that the figure itself can be asked for. */
  readonly value: string;
  readonly when: string;
  readonly for?: string;
  readonly severity: 'warning' | 'critical';
  readonly summary: string;
  readonly description: string;
}

export const alertRules: readonly AlertRule[] = [
  {
    alert: 'SpanledgerDown',
    value: 'up{job="spanledger"}',
    when: '== 0',
    for: '2m',
    severity: 'critical',
    summary: 'The processor {{ $labels.instance }} does not answer',
    description: 'Spans are kept by their senders as long as these retry. Budgets are not watched meanwhile.',
  },
  {
    alert: 'SpanledgerUnpricedCalls',
    value: `sum by (instance, reason) (increase(${series('unpriced_calls')}[1h]))`,
    when: '> 0',
    severity: 'warning',
    summary: '{{ $value | humanize }} calls of the last hour have no price ({{ $labels.reason }})',
    description:
      'Their cost is unknown and in no sum. A new model needs a newer price book, or a price in prices.yaml.',
  },
  {
    alert: 'SpanledgerUntaggedCalls',
    value: `sum by (instance, tag) (increase(${series('untagged_calls')}[1h])) / on (instance) group_left () (increase(${series('received_calls')}[1h]) > 0)`,
    when: '> 0.1',
    for: '1h',
    severity: 'warning',
    summary: '{{ $value | humanizePercentage }} of the calls have no {{ $labels.tag }}',
    description: 'Their cost cannot be attributed.',
  },
  {
    alert: 'SpanledgerPricesOld',
    value: series('price_age'),
    when: `> ${STALE_DAYS} * 86400`,
    severity: 'warning',
    summary: 'The price book was last checked {{ $value | humanizeDuration }} ago',
    description: 'Prices of calls may have changed since. Update the package.',
  },
  {
    alert: 'SpanledgerSpendTripled',
    value: `sum by (instance, feature) (rate(${cost}[1h])) / (sum by (instance, feature) (rate(${cost}[1d])) > 0)`,
    // Of a series younger than a day the rate of a day is too low.
    when: `> 3 and on (instance, feature) sum by (instance, feature) (${cost} offset 1d)`,
    for: '15m',
    severity: 'warning',
    summary: '{{ $labels.feature }} costs {{ $value | humanize }} times what it cost in the last day',
    description: 'A loop, a new customer or a release; the page of the processor says which calls.',
  },
  {
    alert: 'SpanledgerRequestsRefused',
    value: `sum by (instance, code) (increase(${series('refused_requests')}[10m]))`,
    when: '> 0',
    for: '10m',
    severity: 'warning',
    summary: '{{ $value | humanize }} OTLP requests of the last 10 minutes were refused ({{ $labels.code }})',
    description: 'The senders were told. What they send can not be read, or the ledger can not be written.',
  },
  {
    alert: 'SpanledgerBackendAway',
    value: series('spool_spans'),
    when: '> 0',
    for: '15m',
    severity: 'warning',
    summary: '{{ $value | humanize }} spans wait for {{ $labels.backend }}',
    description: 'They are on disk and are sent when the backend answers; the spool is bounded.',
  },
  {
    alert: 'SpanledgerSpansLost',
    value: `increase(${series('forward_failed_spans')}[10m])`,
    when: '> 0',
    severity: 'critical',
    summary: '{{ $value | humanize }} spans of the last 10 minutes will not reach a backend',
    description: 'The spool is full or the backend refused them. Their calls are in the ledger all the same.',
  },
  {
    alert: 'SpanledgerAlertsNotDelivered',
    value: `increase(${series('notifications_failed')}[10m]) + increase(${series('notifications_dead_lettered')}[10m])`,
    when: '> 0',
    for: '10m',
    severity: 'critical',
    summary: 'Budget alerts are not delivered to {{ $labels.receiver }}',
    description: 'Attempts fail or are refused by the receiver named in budgets.yaml.',
  },
  {
    alert: 'SpanledgerSeriesFolded',
    value: `increase(${series('series_overflow')}[1h])`,
    when: '> 0',
    severity: 'warning',
    summary: '{{ $value | humanize }} calls of the last hour were counted under "other"',
    description:
      'The series budget is used up: sums are right, but a label has too many values, such as a feature per request.',
  },
];

/** A rule file of Prometheus. */
export function rulesYaml(): string {
  // What is undefined is not written.
  const rules = alertRules.map(({ alert, value, when, for: wait, severity, summary, description }) => ({
    alert,
    expr: `${value} ${when}`,
    for: wait,
    labels: { severity },
    annotations: { summary, description },
  }));
  const head = '# Generated by dashboards/generate.ts from dashboards/rules.ts.\n';
  return head + stringify({ groups: [{ name: 'spanledger', rules }] }, { lineWidth: 0 });
}
