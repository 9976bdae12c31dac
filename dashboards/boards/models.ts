import type { BoardSpec } from '../panel.ts';
import { addedBy, per, stepsBy } from '../promql.ts';

const priced = 'status="priced"';
const input = addedBy('tokens', ['provider', 'model'], 'direction="input"');
const tokens = addedBy('tokens', ['provider', 'model']);
const cost = addedBy('cost', ['provider', 'model']);

export const models: BoardSpec = {
  uid: 'spanledger-models',
  title: 'Spanledger / Providers & models',
  help: 'Cost, calls and tokens by provider and model, and what a call and a million tokens really cost.',
  filters: true,
  panels: [
    {
      title: 'Cost by provider',
      help: 'Within the time range.',
      kind: 'bars',
      unit: 'usd',
      width: 8,
      derive: ['provider'],
      queries: [{ expr: `sort_desc(${addedBy('cost', ['provider'])})`, legend: '{{provider}}' }],
    },
    {
      title: 'Models',
      help: 'Within the time range. A million tokens: cost by all tokens, so that cached ones and the share of output are in it.',
      kind: 'table',
      unit: 'usd',
      width: 16,
      derive: ['provider', 'model'],
      queries: [
        { expr: cost, legend: 'Cost' },
        { expr: addedBy('calls', ['provider', 'model']), legend: 'Calls', unit: 'count' },
        { expr: per(cost, addedBy('calls', ['provider', 'model'], priced)), legend: 'Each call' },
        { expr: `1e6 * ${per(cost, tokens)}`, legend: 'Million tokens' },
      ],
    },
    {
      title: 'Cost over time by model',
      help: 'What each step of the graph cost.',
      kind: 'graph',
      unit: 'usd',
      width: 12,
      derive: ['model'],
      queries: [{ expr: stepsBy('cost', ['model']), legend: '{{model}}' }],
    },
    {
      title: 'Tokens over time by type',
      help: 'Each token is of one type: input is what was not cached, output what was not reasoning.',
      kind: 'graph',
      unit: 'count',
      width: 12,
      queries: [{ expr: stepsBy('tokens', ['type']), legend: '{{type}}' }],
    },
    {
      title: 'Input read from the cache',
      help: 'Share of input tokens that were read from the provider’s cache, by model, within the time range.',
      kind: 'bars',
      unit: 'share',
      width: 12,
      queries: [
        {
          expr: `sort_desc(${per(addedBy('tokens', ['provider', 'model'], 'type="cache_read"'), input)})`,
          legend: '{{provider}} {{model}}',
        },
      ],
    },
    {
      title: 'Input for each output token',
      help: 'Long prompts for short answers: what a smaller context would save.',
      kind: 'bars',
      unit: 'count',
      width: 12,
      queries: [
        {
          expr: `sort_desc(${per(input, addedBy('tokens', ['provider', 'model'], 'direction="output"'))})`,
          legend: '{{provider}} {{model}}',
        },
      ],
    },
    {
      title: 'Calls over time by provider',
      help: 'Calls within each step of the graph.',
      kind: 'graph',
      unit: 'count',
      width: 12,
      queries: [{ expr: stepsBy('calls', ['provider']), legend: '{{provider}}' }],
    },
    {
      title: 'Models without a price',
      help: 'Their calls within the time range: the cost is unknown and in no sum.',
      kind: 'bars',
      unit: 'count',
      width: 12,
      warn: [1, 100],
      derive: ['model'],
      queries: [
        {
          expr: `sort_desc(${addedBy('calls', ['provider', 'model'], 'status="unpriced"')})`,
          legend: '{{provider}} {{model}}',
        },
      ],
    },
  ],
};
