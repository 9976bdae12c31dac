import type { Logger } from 'pino';
import type { Alert } from './alert.ts';

/** Counted, under these names in the metric table. */
export type BudgetCounter =
  | 'budget_crossings'
  | 'budget_notifications'
  | 'budget_notification_failures'
  | 'budget_notifications_refused';

/** Everything that budgets say about themselves, in one place: a line in the log and a count. */
export interface BudgetEvents {
  crossed(alert: Alert): void;
  resolved(alert: Alert): void;
  notified(alerts: readonly Alert[]): void;
  notifyFailed(to: string, why: string): void;
  notifyRefused(to: string, why: string, alerts: readonly Alert[]): void;
  ledgerAway(error: unknown): void;
  unreadable(key: string): void;
  observeFailed(error: unknown): void;
}

export function createEvents(
  log: Pick<Logger, 'info' | 'warn' | 'error'>,
  count: (name: BudgetCounter, amount: number) => void,
): BudgetEvents {
  return {
    crossed({ labels, annotations }) {
      count('budget_crossings', 1);
      log.warn({ labels }, annotations['summary'] ?? 'a budget threshold was crossed');
    },
    resolved({ labels }) {
      log.info(
        { labels },
        `resolved: ${labels['budget'] ?? ''} at ${labels['threshold'] ?? labels['alertname'] ?? ''}`,
      );
    },
    notified(alerts) {
      count('budget_notifications', alerts.length);
    },
    notifyFailed(to, why) {
      count('budget_notification_failures', 1);
      log.warn({ to, why }, `budget alerts could not be delivered to ${to}: ${why}; trying again`);
    },
    notifyRefused(to, why, alerts) {
      count('budget_notifications_refused', alerts.length);
      const which = alerts.map(({ labels }) => labels);
      log.error({ to, why, alerts: which }, `${to} refuses a budget alert: ${why}; it is tried again after a restart`);
    },
    ledgerAway(error) {
      log.warn({ err: error }, 'budgets cannot reach the ledger; trying again, no crossing is lost');
    },
    unreadable(key) {
      log.error({ key }, 'a remembered budget crossing cannot be read and is not delivered');
    },
    observeFailed(error) {
      log.error({ err: error }, 'budgets could not take in a batch; entries are in the ledger, a restart counts them');
    },
  };
}
