import type { BoardSpec } from '../panel.ts';
import { added, addedBy, series } from '../promql.ts';

const fullest = (metric: 'budget_spent' | 'budget_limit' | 'budget_ratio'): string =>
  series(metric, 'budget=~"$budget"');

/** Of each budget the 20 fullest keys have series. */
export const budgets: BoardSpec = {
  uid: 'spanledger-budgets',
  title: 'Spanledger / Budgets',
  help: 'What is spent of each budget in its running period, and which alerts were told. Of each budget the 20 fullest keys have series.',
  filters: false,
  budget: true,
  panels: [
    {
      title: 'At or over 100 %',
      help: 'Keys (customers, features, …) whose budget is used up.',
      kind: 'stat',
      unit: 'count',
      width: 6,
      warn: [1, 1],
      queries: [{ expr: `count(${fullest('budget_ratio')} >= 1) or vector(0)`, legend: 'Used up' }],
    },
    {
      title: 'From 90 % on',
      help: 'Keys that are close to their budget, or over it.',
      kind: 'stat',
      unit: 'count',
      width: 6,
      warn: [1, 10],
      queries: [{ expr: `count(${fullest('budget_ratio')} >= 0.9) or vector(0)`, legend: 'Close' }],
    },
    {
      title: 'Thresholds crossed',
      help: 'Since the processor started.',
      kind: 'stat',
      unit: 'count',
      width: 6,
      queries: [{ expr: series('budget_crossings'), legend: 'Crossed' }],
    },
    {
      title: 'Alerts that could not be delivered',
      help: 'Attempts that failed and are tried again, and alerts that the receiver refuses, within the time range.',
      kind: 'stat',
      unit: 'count',
      width: 6,
      warn: [1, 10],
      queries: [
        { expr: addedBy('notifications_failed', []), legend: 'failed attempts' },
        { expr: addedBy('notifications_dead_lettered', []), legend: 'refused' },
      ],
    },
    {
      title: 'Budgets, fullest first',
      help: 'Spent, amount and share in the running period of each.',
      kind: 'table',
      unit: 'usd',
      width: 24,
      warn: [0.7, 0.9],
      queries: [
        { expr: `sort_desc(max by (budget, key) (${fullest('budget_ratio')}))`, legend: 'Used', unit: 'share' },
        { expr: `max by (budget, key) (${fullest('budget_spent')})`, legend: 'Spent' },
        { expr: `max by (budget, key) (${fullest('budget_limit')})`, legend: 'Amount' },
      ],
    },
    {
      title: 'Used over time',
      help: 'Falls to 0 where a period begins.',
      kind: 'graph',
      unit: 'share',
      width: 12,
      queries: [{ expr: `max by (budget, key) (${fullest('budget_ratio')})`, legend: '{{budget}} {{key}}' }],
    },
    {
      title: 'By the end of the period',
      help: 'What will have been spent by then, of the amount: of budgets with a threshold on the forecast.',
      kind: 'graph',
      unit: 'share',
      width: 12,
      queries: [
        {
          expr: `max by (budget, key) (${series('budget_forecast_ratio', 'budget=~"$budget"')})`,
          legend: '{{budget}} {{key}}',
        },
      ],
    },
    {
      title: 'Alerts delivered',
      help: 'Within each step of the graph.',
      kind: 'graph',
      unit: 'count',
      width: 24,
      queries: [{ expr: `sum(${added('notifications_delivered', '', '$__interval')})`, legend: 'delivered' }],
    },
  ],
};
