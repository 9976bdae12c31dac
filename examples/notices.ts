/** What the demo's budget must tell, and when. */
import { parseUsd, type FemtoUsd } from '../pricing/money.ts';

/** A budget of 10 cents for every customer of the agent; `url` is told when its thresholds are crossed. */
export const budgetsYaml = (url: string): string => `groups:
  - name: demo
    rules:
      - budget: agent-per-customer
        match: ['feature="agent"']
        by: [customer_id]
        amount: 0.10 USD
        period: month
        thresholds:
          - { at: 70%, severity: warning }
          - { at: 90%, severity: critical }
          - { at: 110%, severity: critical, action: { cap: { message: 'Your AI budget for this month is used up' } } }
notify:
  webhook: { url: '${url}' }
`;

export interface Notice {
  readonly budget: string;
  readonly customer: string;
  readonly threshold: string;
  readonly spent: string;
  readonly amount: string;
  /** The call that crossed the threshold. */
  readonly call: number;
}

interface AlertBody {
  readonly alerts: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  }[];
}

/** The alerts in what a webhook received, in the order they came. `perCall` tells which call of the customer it was. */
export function readNotices(bodies: readonly unknown[], perCall: FemtoUsd): readonly Notice[] {
  return (bodies as readonly AlertBody[]).flatMap(({ alerts }) =>
    alerts.map(({ labels, annotations }) => {
      const spent = annotations['spent'] ?? '';
      return {
        budget: labels['budget'] ?? '',
        customer: labels['customer_id'] ?? '',
        threshold: labels['threshold'] ?? '',
        spent,
        amount: annotations['amount'] ?? '',
        call: Number(parseUsd(spent.replace(/ USD$/, '')) / perCall),
      };
    }),
  );
}

const expected = '70% at call 14, 90% at call 18, 110% at call 22';

/** Empty where every threshold was told once, at its call; else what came instead. */
export function noticeProblem(notices: readonly Notice[]): readonly string[] {
  const came = notices.map(({ threshold, call }) => `${threshold} at call ${call}`).join(', ');
  return came === expected ? [] : [`the webhook was to be told ${expected}; it was told ${came || 'nothing'}`];
}
