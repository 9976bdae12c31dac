import { onTestFinished } from 'vitest';
import { createBudgets, type Budgets, type BudgetsOptions } from '../../../processor/budgets/index.ts';
import type { WebhookAlert } from '../../../processor/budgets/notify/webhook-body.ts';
import type { Entry, Ledger } from '../../../processor/ledger.ts';
import { NOVEMBER } from '../../support/entries.ts';
import { temporaryLedger } from '../../support/ledger.ts';
import { memoryLog, rulesOf, startReceiver, webhookTo } from './support.ts';

const DAY = 86_400_000_000;

/** Budgets on a real ledger, a receiver, and a clock that is told to move. */
export interface Scene {
  readonly ledger: Ledger;
  /** Of a processor as after its last start. */
  readonly budgets: () => Budgets;
  /** Lets calls arrive now. */
  readonly take: (...entries: readonly Entry[]) => Promise<void>;
  /** Takes a call back, or puts another in its place. */
  readonly correct: (of: Entry, replacement: Entry | undefined) => Promise<void>;
  /** Lets time pass. */
  readonly pass: (us: number) => Promise<void>;
  readonly now: () => number;
  /** The processor ends, and starts with these rules, or the same. */
  readonly restart: (...rules: readonly string[]) => Promise<void>;
  readonly alerts: () => readonly WebhookAlert[];
  /** `actual 80% firing`, in the order in which they came. */
  readonly told: () => string[];
  readonly warnings: () => string[];
}

/**
 * @param rules written as in the file
 * @param options `from`: where the clock begins; by default at half past midnight on the 11th of November
 */
export async function scene(
  rules: string | readonly string[],
  { from = NOVEMBER + 10 * DAY + DAY / 48, ...options }: Partial<BudgetsOptions> & { readonly from?: number } = {},
): Promise<Scene> {
  const [ledger, receiver, log] = [await temporaryLedger(), await startReceiver(), memoryLog()];
  let now = from;
  let written = typeof rules === 'string' ? [rules] : rules;
  const start = async (): Promise<Budgets> => {
    const notify = webhookTo(receiver.url);
    const clock = (): number => now;
    const budgets = createBudgets({ rules: rulesOf(...written), notify, ledger, log, now: clock, ...options });
    await budgets.start();
    return budgets;
  };
  let budgets = await start();
  onTestFinished(async () => {
    await budgets.stop();
    await receiver.stop();
  });
  return {
    ledger,
    budgets: () => budgets,
    async take(...entries) {
      budgets.observe(await ledger.append(entries));
      await budgets.settled();
    },
    async correct(of, replacement) {
      const [adjusted] = await ledger.adjust([{ of, replacement, id: 'correction' }]);
      budgets.observe(adjusted?.revisions ?? []);
      await budgets.tick();
      await budgets.settled();
    },
    async pass(us) {
      now += us;
      await budgets.tick();
      await budgets.settled();
    },
    now: () => now,
    async restart(...others) {
      await budgets.stop();
      if (others.length > 0) written = others;
      budgets = await start();
      await budgets.settled();
    },
    alerts: () => receiver.alerts,
    told: () => receiver.alerts.map(({ labels, status }) => `${labels['basis']} ${labels['threshold']} ${status}`),
    warnings: () => log.lines.filter(({ level }) => level === 'warn').map(({ message }) => message),
  };
}
