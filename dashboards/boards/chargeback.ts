import type { BoardSpec } from '../panel.ts';
import { addedBy, shareOf, stepsBy } from '../promql.ts';

const cost = addedBy('cost', ['team']);

export const chargeback: BoardSpec = {
  uid: 'spanledger-chargeback',
  title: 'Spanledger / Chargeback',
  help: 'Who has to answer for what: teams by feature. Choose a whole month as the time range; the page and the API have the same to the last digit, as CSV.',
  filters: true,
  panels: [
    {
      title: 'To be charged',
      help: 'Cost within the time range that names its team.',
      kind: 'stat',
      unit: 'usd',
      width: 8,
      queries: [{ expr: addedBy('cost', [], 'team!=""'), legend: 'Charged' }],
    },
    {
      title: 'Charged to nobody',
      help: 'Cost within the time range of calls without the tag "team".',
      kind: 'stat',
      unit: 'usd',
      width: 8,
      queries: [{ expr: `${addedBy('cost', [], 'team=""')} or vector(0)`, legend: 'Nobody' }],
    },
    {
      title: 'Charged to nobody, share',
      help: 'Of all cost within the time range. Over a tenth, charging teams is not fair yet: show them first.',
      kind: 'stat',
      unit: 'share',
      width: 8,
      warn: [0.02, 0.1],
      queries: [{ expr: `(${addedBy('cost', [], 'team=""')} or vector(0)) / ${addedBy('cost', [])}`, legend: 'Share' }],
    },
    {
      title: 'Teams',
      help: 'Cost, share and calls within the time range.',
      kind: 'table',
      unit: 'usd',
      width: 12,
      derive: ['team'],
      queries: [
        { expr: cost, legend: 'Cost' },
        { expr: shareOf(cost), legend: 'Share', unit: 'share' },
        { expr: addedBy('calls', ['team']), legend: 'Calls', unit: 'count' },
      ],
    },
    {
      title: 'Teams by feature',
      help: 'What a team is charged for, within the time range.',
      kind: 'table',
      unit: 'usd',
      width: 12,
      derive: ['team', 'feature'],
      queries: [
        { expr: addedBy('cost', ['team', 'feature']), legend: 'Cost' },
        { expr: addedBy('calls', ['team', 'feature']), legend: 'Calls', unit: 'count' },
      ],
    },
    {
      title: 'Cost over time by team',
      help: 'What each step of the graph cost.',
      kind: 'graph',
      unit: 'usd',
      width: 24,
      derive: ['team'],
      queries: [{ expr: stepsBy('cost', ['team']), legend: '{{team}}' }],
    },
  ],
};
