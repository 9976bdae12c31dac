import { guard, type GuardedCall } from './api.ts';
import { refusalOf, type Decision } from './decision.ts';
import { BudgetExceededError } from './error.ts';

/** What is used of an Express response. */
export interface ProblemResponse {
  readonly headersSent: boolean;
  status(code: number): unknown;
  setHeader(name: string, value: string): unknown;
  end(body: string): unknown;
}

type Next = (error?: unknown) => void;

/**
 * Express middleware: answers 402 with problem details where a budget of the tags in force is used up, before the handler
 * does any work. Mount it behind `tagRequests`. It acts whatever SPANLEDGER_GUARD says, unless that is `off`.
 *
 * @example app.use(tagRequests((request) => ({ customer_id: request.user?.tenant })), guardRequests());
 */
export function guardRequests<Request>(
  call: GuardedCall | ((request: Request) => GuardedCall) = {},
): (request: Request, response: ProblemResponse, next: Next) => void {
  return (request, response, next) => {
    const asked = typeof call === 'function' ? call(request) : call;
    const say = (decision: Decision): void => {
      if (decision.action === 'cap') answer(refusalOf(decision), response);
      else next();
    };
    const decision = guard.check(asked);
    if (decision.reason === 'unleased') void guard.ready(asked).then(say);
    else say(decision);
  };
}

/**
 * Express error handler: answers 402 with problem details where a call within was refused, and leaves every other error to
 * those behind it.
 *
 * @example app.use(answerRefusals);
 */
export function answerRefusals(error: unknown, _request: unknown, response: ProblemResponse, next: Next): void {
  if (error instanceof BudgetExceededError && !response.headersSent) answer(error, response);
  else next(error);
}

function answer(refusal: BudgetExceededError, response: ProblemResponse): void {
  response.status(refusal.status);
  response.setHeader('Content-Type', 'application/problem+json');
  const seconds = refusal.retryAfterSeconds();
  if (seconds !== undefined) response.setHeader('Retry-After', String(seconds));
  response.end(JSON.stringify(refusal.toProblem()));
}
