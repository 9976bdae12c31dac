import { context, trace } from '@opentelemetry/api';
import type { Counts } from '../../pricing/usage/usage.ts';
import { readSettings } from '../settings.ts';
import { currentTags, withTags, type Tags, type TagSources } from '../tags.ts';
import { refusalOf, type Decision, type Wanted } from './decision.ts';
import type { BudgetExceededError } from './error.ts';
import { within, type Guard, type GuardCounts, type Within } from './guard.ts';
import { dimensionsOf, idsOf } from './outgoing.ts';
import type { GuardMode } from './settings.ts';
import { startGuard } from './start.ts';
import type { Source } from './state.ts';

/** The call that is asked about, beside the tags in force. */
export interface GuardedCall {
  /** Whose cost it is, in addition to the tags in force. */
  readonly tags?: Tags;
  readonly model?: string;
  /** `gen_ai.provider.name`; by the model where it is left out. */
  readonly provider?: string;
  readonly inputTokens?: number;
  /** As the request limits the answer. */
  readonly maxTokens?: number;
}

export interface GuardedRun<T> extends GuardedCall {
  /** Answers in the place of a call that is refused: a cached answer, a friendly word. */
  readonly onCap?: (error: BudgetExceededError) => T | PromiseLike<T>;
}

export interface RunContext {
  /** The model to call: the one asked for, or the one in its place. */
  readonly model: string;
  readonly decision: Decision;
}

/** What was decided, with what it holds back. */
export interface Reserved {
  readonly decision: Decision;
  /** The call is over: counts by unit that do not overlap, as in `trackUsage`. None: nothing was used. */
  settle(counts?: Counts): void;
}

export interface GuardStatus {
  readonly mode: GuardMode;
  readonly source: Source;
  readonly ageMs: number | undefined;
  readonly budgets: readonly string[];
  /** Keys that were told. */
  readonly keys: number;
  /** Models whose rates are known. */
  readonly models: number;
  /** Calls that hold something back now. */
  readonly open: number;
  readonly counts: Readonly<GuardCounts>;
}

function running(): Guard {
  return startGuard(process.env, (line) => {
    if (process.env['SPANLEDGER_LOG'] !== 'off') process.stderr.write(`spanledger: ${line}\n`);
  });
}

let sources: TagSources | undefined;
function describe(guard: Guard, { tags = {}, model = '', provider, inputTokens = 0, maxTokens }: GuardedCall) {
  const settings = (sources ??= tagSources());
  const active = context.active();
  return withTags(tags, () => {
    const attributes = currentTags(settings, active);
    const by = provider ?? guard.state.providerOf(model) ?? '';
    const dimensions = dimensionsOf(attributes, { ...guard.settings.resource, provider: by, model });
    const size = guard.size(model, () => inputTokens, maxTokens);
    const wanted: Wanted = { dimensions, provider: by, model, size };
    return { wanted, ids: idsOf(attributes, trace.getSpanContext(active)) };
  });
}

function tagSources(): TagSources {
  const { tags, baggage } = readSettings(process.env);
  return { fixed: tags, baggage };
}

/** What budgets say, asked by hand. It acts whatever SPANLEDGER_GUARD says, unless that is `off`. */
export const guard = {
  /**
   * What would be said to a call now. Synchronous, without I/O, and it never throws. Nothing is held back.
   *
   * @example if (guard.check({ tags: { customer_id }, model: 'gpt-4o' }).action === 'cap') showCachedAnswer();
   */
  check(call: GuardedCall = {}): Decision {
    const guard = running();
    const { wanted, ids } = describe(guard, call);
    return guard.decide(wanted, ids, false).decision;
  },

  /**
   * The same, but waits a second at most where the cap is leased and this process has no lease yet that the call fits in.
   * Does not reject.
   *
   * @example const { action } = await guard.ready({ tags: { customer_id }, model: 'gpt-4o', maxTokens: 500 });
   */
  async ready(call: GuardedCall = {}): Promise<Decision> {
    const guard = running();
    const { wanted, ids } = describe(guard, call);
    return (await guard.decideLeased(wanted, ids, false)).decision;
  },

  /**
   * As `check`, and holds back what the call may cost at most until it is settled (or 15 minutes are over). For calls that the
   * instrumentation does not see.
   *
   * @example const { decision, settle } = guard.reserve({ model: 'gpt-4o', inputTokens: 900, maxTokens: 500 });
   */
  reserve(call: GuardedCall = {}): Reserved {
    const guard = running();
    const { wanted, ids } = describe(guard, call);
    const { decision, reservation } = guard.decide(wanted, ids, true);
    guard.tally(decision, true);
    return {
      decision,
      settle(counts = {}) {
        const rates = guard.state.rates(wanted.provider, decision.model);
        reservation?.settle([{ counts, rates }], guard.state.nowMs);
      },
    };
  },

  /**
   * Runs `work` if budgets let it pass, with the model that they leave. What its calls may cost is held back until they are
   * over. Rejects with a BudgetExceededError where it is refused and there is no `onCap`.
   *
   * @example await guard.run({ tags: { customer_id }, model: 'gpt-4o' }, ({ model }) => client.responses.create({ model, input }));
   */
  async run<T>(call: GuardedRun<T>, work: (context: RunContext) => T | PromiseLike<T>): Promise<T> {
    const guard = running();
    const { wanted, ids } = describe(guard, call);
    const { decision, reservation } = await guard.decideLeased(wanted, ids, true);
    guard.tally(decision, true);
    if (decision.action === 'cap') {
      const refusal = refusalOf(decision);
      if (call.onCap === undefined) throw refusal;
      return call.onCap(refusal);
    }
    const together: Within = { decision, held: 1, used: [], reservation };
    try {
      return await withTags(call.tags ?? {}, () =>
        within.run(together, () => work({ model: decision.model, decision })),
      );
    } finally {
      guard.letGo(together);
    }
  },

  /** How the guard of this process is. */
  status(): GuardStatus {
    const { settings, state, counts, open } = running();
    return {
      mode: settings.mode,
      source: state.source,
      ageMs: state.ageMs,
      budgets: state.accounts.map(({ rule }) => rule.budget),
      keys: state.accounts.reduce((sum, { size }) => sum + size, 0),
      models: state.models,
      open,
      counts: { ...counts },
    };
  },
} as const;
