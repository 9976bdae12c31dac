import type { Attributes, SpanContext } from '@opentelemetry/api';
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Counts } from '../../pricing/usage/usage.ts';
import { outputTokens } from '../../pricing/usage/usage.ts';
import type { Json } from '../apis/api.ts';
import type { Call } from '../call.ts';
import { failed } from '../contain.ts';
import type { Dimensions } from './key-index.ts';
import { Ceilings, type CeilingIds } from './ceilings.ts';
import { Decider } from './decider.ts';
import { allow, refusalOf, type Decision, type Wanted } from './decision.ts';
import type { BudgetExceededError } from './error.ts';
import { outgoingOf } from './outgoing.ts';
import type { Reservation, Used } from './reservation.ts';
import type { GuardSettings } from './settings.ts';
import type { State } from './state.ts';
import type { Strictness } from './verdict.ts';
import { Longest, type Size } from './worst-case.ts';

/** A call that the instrumentation is about to send. */
export interface OutgoingCall {
  readonly dimensions: Dimensions;
  readonly ids: CeilingIds;
  readonly provider: string;
  readonly model: string | undefined;
  readonly maxTokens: number | undefined;
  /** Estimated; asked only where a budget needs it. */
  readonly inputTokens: () => number;
}

/** What a call is told, and whom it tells when it is over. */
export interface Admission {
  /** The call is not to be made. */
  readonly refusal?: BudgetExceededError;
  /** The model to call in the place of the one asked for. */
  readonly model?: string;
  /** The model first asked for, where another is called in its place. */
  readonly fallbackFrom?: string;
  /** The call could not be changed, and goes out as it was. */
  kept(): void;
  /** The call is over. `counts` are undefined where nothing was used. */
  ended(counts: Counts | undefined, model: string | undefined): void;
}

/** How often what was decided, since the process started. `would_`: had the mode been stricter. */
export interface GuardCounts {
  allowed: number;
  throttled: number;
  capped: number;
  would_throttle: number;
  would_cap: number;
  no_fallback: number;
  /** Let pass while the processor was not heard. */
  unheard: number;
}

/** Calls made within `guard.run`: they are decided about together, and settled together. */
export interface Within {
  readonly decision: Decision;
  held: number;
  readonly used: Used[];
  readonly reservation: Reservation | undefined;
}
const withinSlot = Symbol.for('spanledger.guard.within');
const shared = globalThis as { [withinSlot]?: AsyncLocalStorage<Within> };
/** One for the process: the bundled preload and `import 'spanledger'` are two copies of this file. */
export const within = (shared[withinSlot] ??= new AsyncLocalStorage<Within>());

const none = {};
/** The first answer may be of a question that was asked before. */
const LEASE_TRIES = 2;
const LEASE_WAIT_MS = 500;

/**
 * The guard of a process: what budgets say of a call, without waiting for anybody. Whatever goes wrong in it lets the call
 * pass and is counted.
 */
export class Guard {
  readonly state: State;
  readonly settings: GuardSettings;
  readonly counts: GuardCounts = {
    allowed: 0,
    throttled: 0,
    capped: 0,
    would_throttle: 0,
    would_cap: 0,
    no_fallback: 0,
    unheard: 0,
  };
  readonly #decider: Decider;
  readonly #ceilings: Ceilings;
  readonly #longest = new Longest();
  readonly #say: (line: string) => void;
  readonly #said = new Set<string>();

  constructor(settings: GuardSettings, state: State, say: (line: string) => void) {
    this.settings = settings;
    this.state = state;
    this.#say = say;
    this.#decider = new Decider(state);
    this.#ceilings = new Ceilings(settings.ceilings);
  }

  /** Calls that hold something back. */
  get open(): number {
    return this.#decider.open;
  }

  /** As `admit`, about a call as the instrumentation has it. */
  admitCall(call: Call, tags: Attributes, parent: SpanContext | undefined, body: Json): Admission | undefined {
    if (this.#idle && within.getStore() === undefined) return undefined;
    return this.admit(outgoingOf(call, tags, parent, body, this.settings.resource));
  }

  /** Most applications have no budgets that act: they pay nothing for it. */
  get #idle(): boolean {
    const { mode, closed } = this.settings;
    return mode === 'off' || (this.state.accounts.length === 0 && !this.#ceilings.any && !closed);
  }

  /** For the instrumentation: about a call that goes out by itself. Undefined: no budget has anything to do with it. */
  admit(call: OutgoingCall): Admission | undefined {
    try {
      const together = within.getStore();
      if (together !== undefined) return this.#member(together, call);
      return this.#idle ? undefined : this.#admit(call);
    } catch (error) {
      failed(error);
      return undefined;
    }
  }

  /**
   * Decides about a call that is described by hand. Does not throw.
   *
   * @param reserve holds back what the call may cost until `settle`
   */
  decide(
    wanted: Wanted,
    ids: CeilingIds,
    reserve: boolean,
  ): { decision: Decision; reservation: Reservation | undefined } {
    try {
      if (this.settings.mode === 'off') return { decision: allow(wanted, this.state), reservation: undefined };
      const ceiling = this.#ceilings.check(ids, wanted.model);
      if (ceiling !== undefined) return { decision: ceiling, reservation: undefined };
      const { closed } = this.settings;
      return this.#decider.decide(wanted, { most: 'cap', reserve, closed, lease: true });
    } catch (error) {
      failed(error);
      return { decision: allow(wanted, this.state), reservation: undefined };
    }
  }

  /**
   * The same, but where a lease is what it lacks, it waits a second at most for the processor to grant it. Does not reject.
   */
  async decideLeased(
    wanted: Wanted,
    ids: CeilingIds,
    reserve: boolean,
  ): Promise<{ decision: Decision; reservation: Reservation | undefined }> {
    let decided = this.decide(wanted, ids, reserve);
    for (let tries = 0; decided.decision.reason === 'unleased' && tries < LEASE_TRIES; tries++) {
      await this.state.leases.next(LEASE_WAIT_MS);
      decided = this.decide(wanted, ids, reserve);
    }
    return decided;
  }

  /** The most that a call may use; a call that sets no limit is taken to answer as long as its model did at most. */
  size(model: string, inputTokens: () => number, maxTokens: number | undefined): () => Size {
    let known: Size | undefined;
    return () => (known ??= { input: inputTokens(), output: maxTokens ?? this.#longest.output(model) });
  }

  tally(decision: Decision, acts: boolean): void {
    const { counts } = this;
    const { action, reason, source } = decision;
    if (reason === 'no_fallback') counts.no_fallback++;
    if (action === 'allow') counts.allowed++;
    else if (!acts) counts[action === 'cap' ? 'would_cap' : 'would_throttle']++;
    else counts[action === 'cap' ? 'capped' : 'throttled']++;
    if (source !== 'live' && action === 'allow') counts.unheard++;
    if (action !== 'allow') this.#tell(decision, acts);
  }

  /** What calls of `guard.run` have used is settled when the last of them is over. */
  letGo(together: Within): void {
    if (--together.held === 0) together.reservation?.settle(together.used, this.state.nowMs);
  }

  #admit(call: OutgoingCall): Admission | undefined {
    const { model = '', provider, dimensions, ids } = call;
    const { mode, closed } = this.settings;
    const wanted: Wanted = { dimensions, provider, model, size: this.size(model, call.inputTokens, call.maxTokens) };
    const most: Strictness = mode === 'throttle' ? 'throttle' : 'cap';
    const ceiling = mode === 'throttle' ? undefined : this.#ceilings.check(ids, model);
    const { decision, reservation } =
      ceiling === undefined
        ? this.#decider.decide(wanted, { most, reserve: true, closed, lease: mode === 'cap' })
        : { decision: ceiling, reservation: undefined };
    const acts = mode !== 'observe';
    this.tally(decision, acts);
    if (acts && decision.action === 'cap') return { refusal: refusalOf(decision), kept: () => {}, ended: () => {} };
    this.#ceilings.began(ids);
    const replaced = acts && decision.action === 'throttle';
    let called = replaced ? decision.model : model;
    return {
      ...(replaced ? { model: decision.model, fallbackFrom: model } : none),
      kept: () => {
        called = model;
        this.counts.no_fallback++;
      },
      ended: (counts, answered) => {
        const used = this.#used(counts, provider, called, answered);
        this.#ceilings.ended(ids, used);
        reservation?.settle([used], this.state.nowMs);
      },
    };
  }

  /** One of the calls of `guard.run`: it was decided about before. */
  #member(together: Within, { provider, model = '', ids }: OutgoingCall): Admission {
    together.held++;
    this.#ceilings.began(ids);
    const { action, model: instead, originalModel } = together.decision;
    const replaced = action === 'throttle' && model === instead;
    return {
      ...(replaced ? { fallbackFrom: originalModel } : none),
      kept: () => {},
      ended: (counts, answered) => {
        const used = this.#used(counts, provider, model, answered);
        this.#ceilings.ended(ids, used);
        together.used.push(used);
        this.letGo(together);
      },
    };
  }

  #used(counts: Counts | undefined, provider: string, model: string, answered: string | undefined): Used {
    if (counts === undefined) return { counts: none, rates: undefined };
    this.#longest.saw(model, outputTokens(counts));
    return { counts, rates: this.state.rates(provider, model) ?? this.state.rates(provider, answered ?? model) };
  }

  /** Each budget and action once: a thousand refusals are one line. */
  #tell({ action, budget = 'unknown', model, originalModel }: Decision, acts: boolean): void {
    const key = `${budget} ${action}`;
    if (this.#said.has(key) || this.#said.size > 100) return;
    this.#said.add(key);
    const what = action === 'cap' ? 'refuses calls' : `has ${model} called in the place of ${originalModel}`;
    this.#say(
      acts
        ? `the budget ${budget} ${what}`
        : `the budget ${budget} is reached: with SPANLEDGER_GUARD=${action} it ${what}; nothing is done now`,
    );
  }
}
