import type { Alert } from '../alert.ts';

/** What people look at first; all other annotations follow. */
const order = [
  'spent',
  'amount',
  'ratio',
  'forecast',
  'top_customers',
  'top_features',
  'unpriced_calls',
  'period_start',
  'period_end',
  'dashboard_url',
];
/** Said elsewhere in a message. */
const leftOut: ReadonlySet<string> = new Set(['summary', 'forecast_method', 'dashboard_url']);
/** Labels whose value is in the headline, or says nothing to people. */
const plain: ReadonlySet<string> = new Set(['alertname', 'budget', 'threshold', 'basis', 'severity', 'period']);

/**
 * One line that names an alert.
 *
 * @example headline(alert) // '[firing] customer-monthly 70% (customer_id="acme")'
 */
export function headline({ labels, endsAt }: Alert): string {
  const own = Object.entries(labels).filter(([name]) => !plain.has(name));
  const who = own.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ');
  const { budget = '', threshold = labels['alertname'] ?? '', basis = 'actual' } = labels;
  const what = basis === 'actual' ? threshold : `${basis} ${threshold}`;
  return `[${endsAt === undefined ? 'firing' : 'resolved'}] ${budget} ${what}${who === '' ? '' : ` (${who})`}`;
}

/** What an alert says besides its summary, in the order in which people look at it. */
export function factsOf({ annotations }: Alert): readonly (readonly [name: string, value: string])[] {
  const names = [...new Set([...order, ...Object.keys(annotations)])].filter((name) => !leftOut.has(name));
  return names.flatMap((name) => {
    const value = annotations[name];
    return value === undefined ? [] : [[name.replaceAll('_', ' '), value] as const];
  });
}

/** An alert as plain text, for mails. */
export function plainText(alert: Alert): string {
  const { annotations, startsAt, endsAt } = alert;
  const facts = factsOf(alert).map(([name, value]) => `${name}: ${value}`);
  const link = annotations['dashboard_url'];
  const since = endsAt === undefined ? `since: ${startsAt}` : `from: ${startsAt} until ${endsAt}`;
  return [
    headline(alert),
    annotations['summary'] ?? '',
    '',
    ...facts,
    since,
    ...(link === undefined ? [] : [link]),
  ].join('\n');
}
