import { SpanledgerError } from '../errors.ts';
import type { Gate } from '../gate.ts';
import { createBudgets, type Budgets, type BudgetsOptions } from './index.ts';
import { readBudgets, type BudgetSettings } from './read.ts';

/** The budgets of now, whichever those are. */
export interface LiveBudgets extends Budgets {
  /**
   * Reads budgets.yaml again, all or nothing: with a mistake in it the old budgets stay, and the log has every mistake with
   * line and column. Resolves once what holds now is watched; never rejects.
   */
  reload(): Promise<void>;
}

export interface LiveBudgetsOptions extends Omit<BudgetsOptions, 'rules' | 'notify' | 'silences'> {
  /** As read at the start, so that a mistake is told before anything is opened. */
  readonly settings: BudgetSettings;
  /** Undefined: there is no file, and none is looked for. */
  readonly path: string | undefined;
  /** Whoever appends passes it. */
  readonly gate: Gate;
  /** Around what reads the sums of the ledger, where others write to it too. */
  readonly reading?: (work: () => Promise<void>) => Promise<void>;
}

const PAUSE_MS = 1000;

/**
 * Keeps budgets that can be changed while the processor runs. What was told stays told: it is in the ledger.
 *
 * @example const budgets = createLiveBudgets({ settings: readBudgets(path), path, gate, ledger, log }); await budgets.start();
 */
export function createLiveBudgets(options: LiveBudgetsOptions): LiveBudgets {
  const { settings, path, gate, log, reading = (work) => work(), ...rest } = options;
  const create = ({ rules, notify, silences }: BudgetSettings): Budgets =>
    createBudgets({ ...rest, log, rules, notify, silences });
  let current = create(settings);
  /** While one takes the place of another: what is appended is read from the ledger by the next. */
  let changing = false;
  const stopping = new AbortController();
  let reloading = Promise.resolve();

  async function reload(): Promise<void> {
    if (path === undefined || stopping.signal.aborted) return;
    let next: BudgetSettings;
    try {
      next = readBudgets(path);
    } catch (error) {
      tellMistakes(error);
      return;
    }
    changing = true;
    // First, so that nothing that it is telling now is told by the next, too.
    await current.stop();
    const replacement = create(next);
    await gate.closed(() => startPatiently(replacement));
    current = replacement;
    changing = false;
    if (stopping.signal.aborted) await current.stop();
    else log.info({ budgets: next.rules.map(({ budget }) => budget) }, 'budgets read');
  }

  /** A ledger that is away takes nothing meanwhile. */
  async function startPatiently(budgets: Budgets): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await reading(() => budgets.start());
        return;
      } catch (error) {
        log.warn({ err: error }, 'the new budgets cannot reach the ledger; trying again');
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }

  function tellMistakes(error: unknown): void {
    const text = error instanceof SpanledgerError ? error.message : String(error);
    for (const mistake of text.split('\n')) log.error({}, mistake);
    log.error({}, "the new budgets can't be used; the old ones stay");
  }

  return {
    start: () => current.start(),
    observe(appended) {
      if (!changing) current.observe(appended);
    },
    states: (limit) => current.states(limit),
    held: (dimensions) => current.held(dimensions),
    acting: () => current.acting(),
    tick: () => current.tick(),
    settled: () => current.settled(),
    async stop() {
      stopping.abort();
      await reloading;
      await current.stop();
    },
    reload: () => (reloading = reloading.then(reload)),
  };
}
