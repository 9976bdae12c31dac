import type { Alert } from '../budgets/alert.ts';
import { channelsOf } from '../budgets/notify/route.ts';
import type { Notify } from '../budgets/notify/settings.ts';
import { targetOf } from '../budgets/notify/target.ts';

/** What one receiver answered. */
interface Answer {
  readonly receiver: string;
  readonly address: string;
  readonly taken: boolean;
  /** Why not, or what went wrong all the same. */
  readonly why?: string | undefined;
}

/** Long enough to be seen in Alertmanager, whose alerts end by themselves. */
const LASTS_MS = 60_000;

/**
 * Sends a test message to every receiver, whatever routes, silences and quiet hours say, and tells what each answered.
 *
 * @example await tellAll(notify, Date.now()) // [{ receiver: 'ops.slack_configs[0]', address: 'https://hooks.slack.com', taken: true }]
 */
export async function tellAll(notify: Notify, nowMs: number): Promise<readonly Answer[]> {
  return Promise.all(
    channelsOf(notify).map(async (channel) => {
      const target = targetOf(channel, '');
      const alert = testAlert(nowMs, target.forgets);
      const delivery = await target.post([alert], nowMs * 1000);
      const why = delivery.result === 'taken' ? delivery.note : delivery.why;
      const taken = delivery.result === 'taken';
      return { receiver: target.place, address: target.address, taken, why };
    }),
  );
}

/** @example answerLine(answer) // 'ok      ops.slack_configs[0] (https://hooks.slack.com)' */
export function answerLine({ receiver, address, taken, why }: Answer): string {
  const where = address === '' ? receiver : `${receiver} (${address})`;
  return `${taken ? 'ok    ' : 'FAILED'} ${where}${why === undefined ? '' : `: ${why}`}`;
}

function testAlert(nowMs: number, ends: boolean): Alert {
  return {
    labels: { alertname: 'BudgetTest', budget: 'test', threshold: 'test', severity: 'info' },
    annotations: {
      summary: 'A test by "spanledger budgets test --notify": alerts of budgets arrive here. Nothing is spent.',
    },
    startsAt: new Date(nowMs).toISOString(),
    ...(ends ? { endsAt: new Date(nowMs + LASTS_MS).toISOString() } : {}),
  };
}
