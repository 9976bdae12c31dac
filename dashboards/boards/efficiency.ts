import type { BoardSpec } from '../panel.ts';
import { addedBy, per, series, stepsBy } from '../promql.ts';

const input = addedBy('tokens', ['feature'], 'direction="input"');
const priced = 'status="priced"';

export const efficiency: BoardSpec = {
  uid: 'spanledger-efficiency',
  title: 'Spanledger / Efficiency',
  help: 'Where tokens are spent for little: long prompts, caches that are not read, calls that grow dearer.',
  filters: true,
  window: true,
  panels: [
    {
      title: 'Input for each output token, by feature',
      help: 'Long prompts for short answers: a smaller context saves most of it.',
      kind: 'bars',
      unit: 'count',
      width: 12,
      derive: ['feature'],
      queries: [
        {
          expr: `sort_desc(${per(input, addedBy('tokens', ['feature'], 'direction="output"'))})`,
          legend: '{{feature}}',
        },
      ],
    },
    {
      title: 'Input read from the cache, by feature',
      help: 'Share of input tokens that cost a cache read, not the full rate, within the time range.',
      kind: 'bars',
      unit: 'share',
      width: 12,
      queries: [
        {
          expr: `sort_desc(${per(addedBy('tokens', ['feature'], 'type="cache_read"'), input)})`,
          legend: '{{feature}}',
        },
      ],
    },
    {
      title: 'What a call uses, by feature',
      help: 'Within the time range: tokens in and out of a call, and its cost where it has a price.',
      kind: 'table',
      unit: 'count',
      width: 24,
      derive: ['feature'],
      queries: [
        {
          expr: per(addedBy('cost', ['feature']), addedBy('calls', ['feature'], priced)),
          legend: 'Each call',
          unit: 'usd',
        },
        { expr: per(input, addedBy('calls', ['feature'])), legend: 'Input a call' },
        {
          expr: per(addedBy('tokens', ['feature'], 'direction="output"'), addedBy('calls', ['feature'])),
          legend: 'Output a call',
        },
        { expr: addedBy('calls', ['feature']), legend: 'Calls' },
      ],
    },
    {
      title: 'Input tokens a call, over time',
      help: 'A step upwards after a deploy is a prompt, or a history, that grew.',
      kind: 'graph',
      unit: 'tokens',
      width: 12,
      queries: [
        {
          expr: per(stepsBy('tokens', ['feature'], 'direction="input"'), stepsBy('calls', ['feature'])),
          legend: '{{feature}}',
        },
      ],
    },
    {
      title: 'Cost a call, over time',
      help: 'Of priced calls, within each step of the graph.',
      kind: 'graph',
      unit: 'each',
      width: 12,
      queries: [
        { expr: per(stepsBy('cost', ['feature']), stepsBy('calls', ['feature'], priced)), legend: '{{feature}}' },
      ],
    },
    {
      title: 'Reasoning, share of output',
      help: 'Tokens that nobody reads and everybody pays, by model, within the time range; none where the provider does not tell.',
      kind: 'bars',
      unit: 'share',
      width: 12,
      queries: [
        {
          expr: `sort_desc(${per(`(${addedBy('tokens', ['provider', 'model'], 'type="reasoning"')} or ${addedBy('tokens', ['provider', 'model'], 'direction="output"')} * 0)`, addedBy('tokens', ['provider', 'model'], 'direction="output"'))})`,
          legend: '{{provider}} {{model}}',
        },
      ],
    },
    {
      title: 'Held back, so that nothing counts twice',
      help: 'Agent spans that repeat the usage of the calls below them, and calls that were told twice, since the processor started.',
      kind: 'stat',
      unit: 'count',
      width: 12,
      queries: [
        { expr: series('aggregate_spans'), legend: 'agent spans' },
        { expr: series('nested_calls'), legend: 'told twice' },
      ],
    },
  ],
};
