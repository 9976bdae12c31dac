import type { Logger } from 'pino';
import type { Alert } from './alert.ts';
import type { Target } from './notify/target.ts';

/** Counted, under these names in the metric table. */
export type BudgetCounter =
  | 'budget_crossings'
  | 'notifications_delivered'
  | 'notifications_failed'
  | 'notifications_dead_lettered';

/** Everything that budgets say about themselves, in one place: a line in the log and a count. */
export interface BudgetEvents {
  crossed(alert: Alert): void;
  resolved(alert: Alert): void;
  /** Alerts will be told there. */
  receiver(target: Target): void;
  notified(target: Target, alerts: readonly Alert[]): void;
  notifyFailed(target: Target, why: string): void;
  notifyPartly(target: Target, what: string): void;
  /** @param kept whether they are in the file of dead letters */
  notifyRefused(target: Target, why: string, alerts: readonly Alert[], kept: boolean): void;
  ledgerAway(error: unknown): void;
  unreadable(key: string): void;
  observeFailed(error: unknown): void;
}

export function createEvents(
  log: Pick<Logger, 'info' | 'warn' | 'error'>,
  count: (name: BudgetCounter, amount: number, label?: string) => void,
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
    receiver({ place }) {
      for (const name of ['notifications_delivered', 'notifications_failed', 'notifications_dead_lettered'] as const)
        count(name, 0, place);
    },
    notified({ place }, alerts) {
      count('notifications_delivered', alerts.length, place);
    },
    notifyFailed(target, why) {
      count('notifications_failed', 1, target.place);
      log.warn(
        { receiver: target.place, why },
        `budget alerts could not be delivered to ${named(target)}: ${why}; trying again`,
      );
    },
    notifyPartly(target, what) {
      log.warn({ receiver: target.place }, `${named(target)} took budget alerts, but ${what}`);
    },
    notifyRefused(target, why, alerts, kept) {
      count('notifications_dead_lettered', alerts.length, target.place);
      const which = alerts.map(({ labels }) => labels);
      const where = kept ? 'kept as a dead letter' : 'and no file of dead letters takes it';
      log.error(
        { receiver: target.place, why, alerts: which },
        `${named(target)} refuses a budget alert: ${why}; it is ${kept ? where : `lost, ${where}`}`,
      );
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

function named({ place, address }: Target): string {
  return address === '' ? place : `${place} (${address})`;
}
