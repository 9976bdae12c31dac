import type { BoardSpec } from '../panel.ts';
import { addedBy, series, shareOf, stepsBy } from '../promql.ts';

const cost = addedBy('customer_cost', ['customer_id']);
const named = addedBy('customer_cost', ['customer_id'], 'customer_id!~"other|"');

/** Customers are labels only for the dearest: all others are one series, "other". */
export const customers: BoardSpec = {
  uid: 'spanledger-customers',
  title: 'Spanledger / Customers',
  help: 'Who costs what. The dearest customers have series of their own, all others are "other", so that sums are complete; any single customer is on the page of the processor.',
  filters: false,
  panels: [
    {
      title: 'All customers',
      help: 'Cost within the time range.',
      kind: 'stat',
      unit: 'usd',
      width: 8,
      queries: [{ expr: addedBy('customer_cost', []), legend: 'All' }],
    },
    {
      title: 'Share of the five dearest',
      help: 'Of all cost within the time range: how much hangs on few.',
      kind: 'stat',
      unit: 'share',
      width: 8,
      queries: [{ expr: `sum(topk(5, ${named})) / ${addedBy('customer_cost', [])}`, legend: 'Five' }],
    },
    {
      title: 'Share without a customer',
      help: 'Of all cost within the time range: calls without the tag "customer_id".',
      kind: 'stat',
      unit: 'share',
      width: 8,
      warn: [0.05, 0.2],
      queries: [
        {
          expr: `(${addedBy('customer_cost', [], 'customer_id=""')} or vector(0)) / ${addedBy('customer_cost', [])}`,
          legend: 'Unassigned',
        },
      ],
    },
    {
      title: 'Dearest customers',
      help: 'Cost within the time range.',
      kind: 'bars',
      unit: 'usd',
      width: 12,
      derive: ['customer_id'],
      queries: [{ expr: `sort_desc(topk(20, ${named}))`, legend: '{{customer_id}}' }],
    },
    {
      title: 'Customers, cost and share',
      help: 'Of the time range; "other" are all without a series of their own.',
      kind: 'table',
      unit: 'usd',
      width: 12,
      derive: ['customer_id'],
      queries: [
        { expr: cost, legend: 'Cost' },
        { expr: shareOf(cost), legend: 'Share', unit: 'share' },
      ],
    },
    {
      title: 'Far above the average',
      help: 'Cost by the average of all customers that have a series.',
      kind: 'bars',
      unit: 'count',
      width: 12,
      derive: ['customer_id'],
      queries: [{ expr: `sort_desc(topk(10, ${named} / scalar(avg(${named}))))`, legend: '{{customer_id}}' }],
    },
    {
      title: 'Close to their budget',
      help: 'Keys of budgets by customer, the fullest first.',
      kind: 'bars',
      unit: 'share',
      width: 12,
      warn: [0.7, 0.9],
      queries: [
        {
          expr: `sort_desc(topk(10, max by (budget, key) (${series('budget_ratio', 'key=~"customer_id=.*"')})))`,
          legend: '{{budget}} {{key}}',
        },
      ],
    },
    {
      title: 'Cost over time by customer',
      help: 'What each step of the graph cost.',
      kind: 'graph',
      unit: 'usd',
      width: 24,
      derive: ['customer_id'],
      queries: [{ expr: stepsBy('customer_cost', ['customer_id']), legend: '{{customer_id}}' }],
    },
  ],
};
