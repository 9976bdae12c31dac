/** Why a call was refused, and what a client of the application may be told. */
export interface Refusal {
  /** The name of the budget, or of the ceiling (`ceiling:trace`). */
  readonly budget: string;
  readonly message: string;
  /** Exact, in the budget's unit. */
  readonly spent: string;
  readonly limit: string;
  readonly unit: string;
  /** When the period is over; undefined where that is not known. */
  readonly resetAt: Date | undefined;
  /** Where only calls that are still open stand in the way: when to try again. */
  readonly retryAfterMs: number | undefined;
}

/** Problem details as of RFC 9457. */
export interface BudgetProblem {
  readonly type: string;
  readonly title: string;
  readonly status: 402;
  readonly detail: string;
  readonly budget: string;
  readonly spent: string;
  readonly limit: string;
  readonly unit: string;
  readonly reset_at: string | null;
}

const brand = Symbol.for('spanledger.budget-exceeded');

/**
 * A budget lets this call not pass. It never reached the provider. Of the status 402, which clients like OpenAI's don't try
 * again, as they do 429. `instanceof` holds whichever copy of this file threw it: the preload is a bundle of its own.
 *
 * @example if (error instanceof BudgetExceededError) response.status(error.status).json(error.toProblem());
 */
export class BudgetExceededError extends Error {
  readonly status = 402;
  readonly code = 'budget_exceeded';
  readonly budget: string;
  readonly spent: string;
  readonly limit: string;
  readonly unit: string;
  readonly resetAt: Date | undefined;
  readonly retryAfterMs: number | undefined;
  readonly [brand] = true;

  constructor({ message, budget, spent, limit, unit, resetAt, retryAfterMs }: Refusal) {
    super(message);
    this.name = 'BudgetExceededError';
    this.budget = budget;
    this.spent = spent;
    this.limit = limit;
    this.unit = unit;
    this.resetAt = resetAt;
    this.retryAfterMs = retryAfterMs;
  }

  /** What a client may be told: `application/problem+json`. */
  toProblem(): BudgetProblem {
    const { budget, spent, limit, unit, resetAt, message } = this;
    return {
      type: 'urn:spanledger:error:budget_exceeded',
      title: 'Payment Required',
      status: 402,
      detail: message,
      budget,
      spent,
      limit,
      unit,
      reset_at: resetAt?.toISOString() ?? null,
    };
  }

  /** Seconds for a `Retry-After`; undefined where nothing is known. */
  retryAfterSeconds(now: number = Date.now()): number | undefined {
    const ms = this.retryAfterMs ?? (this.resetAt === undefined ? undefined : this.resetAt.getTime() - now);
    return ms === undefined ? undefined : Math.max(1, Math.ceil(ms / 1000));
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && (value as { [brand]?: unknown })[brand] === true;
  }
}
