import type { BoardSpec } from '../panel.ts';
import { added, addedBy, per, series, shareOf, stepsBy, sumBy } from '../promql.ts';

const growing = sumBy('cost', ['feature'], added('cost', '', '$window'));
const before = sumBy('cost', ['feature'], `increase(${series('cost')}[$window] offset $window)`);

/** The five questions, as far as counters answer them; the page of the processor knows the rest. */
export const overview: BoardSpec = {
  uid: 'spanledger-overview',
  title: 'Spanledger / Overview',
  help: 'What LLM calls cost, by feature, model and plan. Sums are of the time range since the first scrape; the ledger knows what was before.',
  filters: true,
  window: true,
  panels: [
    {
      title: 'Spent',
      help: 'Cost of priced calls within the time range. Calls without a price are in no sum: see "Priced".',
      kind: 'stat',
      unit: 'usd',
      width: 5,
      queries: [{ expr: addedBy('cost', []), legend: 'Spent' }],
    },
    {
      title: '30 days at this pace',
      help: 'The cost of a second of the time range, times 30 days. No seasons, no growth.',
      kind: 'stat',
      unit: 'usd',
      width: 5,
      queries: [{ expr: `sum(rate(${series('cost')}[$__range])) * 2592000`, legend: '30 days' }],
    },
    {
      title: 'Since the ledger began',
      help: 'The sum of all priced calls in the ledger, corrections downwards left out until spending has caught up.',
      kind: 'stat',
      unit: 'usd',
      width: 5,
      queries: [{ expr: sumBy('cost', [], series('cost')), legend: 'Ledger' }],
    },
    {
      title: 'Calls',
      help: 'LLM calls within the time range.',
      kind: 'stat',
      unit: 'count',
      width: 4,
      queries: [{ expr: addedBy('calls', []), legend: 'Calls' }],
    },
    {
      title: 'Priced',
      help: 'Share of calls with a price, of all in the ledger. What is missing is on the board Data quality.',
      kind: 'stat',
      unit: 'share',
      width: 5,
      queries: [
        {
          expr: `${sumBy('calls', [], series('calls', 'status="priced"'))} / ${sumBy('calls', [], series('calls'))}`,
          legend: 'Priced',
        },
      ],
    },
    {
      title: '1 · Which feature costs the most',
      help: 'Cost by feature within the time range, dearest first. Without a name: calls without the tag "feature".',
      kind: 'bars',
      unit: 'usd',
      width: 12,
      derive: ['feature'],
      queries: [{ expr: `sort_desc(${addedBy('cost', ['feature'])})`, legend: '{{feature}}' }],
    },
    {
      title: 'Cost by feature, share and calls',
      help: 'Of the time range.',
      kind: 'table',
      unit: 'usd',
      width: 12,
      derive: ['feature'],
      queries: [
        { expr: addedBy('cost', ['feature']), legend: 'Cost' },
        { expr: shareOf(addedBy('cost', ['feature'])), legend: 'Share', unit: 'share' },
        { expr: addedBy('calls', ['feature']), legend: 'Calls', unit: 'count' },
      ],
    },
    {
      title: '2 · Which feature grows fastest',
      help: 'The last window ("Compare") against the one before it, in dollars, whatever the size.',
      kind: 'table',
      unit: 'usd',
      width: 12,
      derive: ['feature'],
      queries: [
        { expr: `${growing} - (${before} or ${growing} * 0)`, legend: 'Growth' },
        { expr: growing, legend: 'Last window' },
        { expr: before, legend: 'Window before' },
      ],
    },
    {
      title: 'Cost over time by feature',
      help: 'What each step of the graph cost.',
      kind: 'graph',
      unit: 'usd',
      width: 12,
      derive: ['feature'],
      queries: [{ expr: stepsBy('cost', ['feature']), legend: '{{feature}}' }],
    },
    {
      title: '3 · Which model each feature uses',
      help: 'Where a dear model does a cheap task. Whether a cheaper one would do is a question of quality that no metric answers.',
      kind: 'table',
      unit: 'usd',
      width: 12,
      derive: ['feature', 'model'],
      queries: [
        { expr: addedBy('cost', ['feature', 'model']), legend: 'Cost' },
        {
          expr: per(addedBy('cost', ['feature', 'model']), addedBy('calls', ['feature', 'model'], 'status="priced"')),
          legend: 'Each call',
        },
      ],
    },
    {
      title: '4 · What the free plan costs',
      help: 'Share of cost and of calls by plan: a plan that brings nothing and costs much stands out.',
      kind: 'table',
      unit: 'usd',
      width: 12,
      derive: ['plan'],
      queries: [
        { expr: addedBy('cost', ['plan']), legend: 'Cost' },
        { expr: shareOf(addedBy('cost', ['plan'])), legend: 'Share of cost', unit: 'share' },
        { expr: shareOf(addedBy('calls', ['plan'])), legend: 'Share of calls', unit: 'share' },
      ],
    },
    {
      title: '5 · What one call of each feature costs',
      help: 'Cost of priced calls by their number. An action of a user may take several calls: the ledger has cost by task.',
      kind: 'bars',
      unit: 'usd',
      width: 12,
      derive: ['feature'],
      queries: [
        {
          expr: `sort_desc(${per(addedBy('cost', ['feature']), addedBy('calls', ['feature'], 'status="priced"'))})`,
          legend: '{{feature}}',
        },
      ],
    },
    {
      title: 'Cost by team',
      help: 'Within the time range. Without a name: calls without the tag "team".',
      kind: 'bars',
      unit: 'usd',
      width: 12,
      derive: ['team'],
      queries: [{ expr: `sort_desc(${addedBy('cost', ['team'])})`, legend: '{{team}}' }],
    },
  ],
};
