import { Guard } from '../../../instrumentation/guard/guard.ts';
import { readGuardSettings } from '../../../instrumentation/guard/settings.ts';
import { State } from '../../../instrumentation/guard/state.ts';

export const femto = (usd: string): string => {
  const [whole = '0', fraction = ''] = usd.split('.');
  return String(BigInt(whole + fraction.padEnd(15, '0')));
};

export const START = Date.UTC(2026, 10, 1);
export const END = Date.UTC(2026, 11, 1);
export const NEXT_END = Date.UTC(2027, 0, 1);

const cap = { kind: 'cap' };

/** A rule as the processor tells it: a dollar a customer, capped there. */
export function rule(more: object = {}): object {
  return {
    budget: 'customers',
    match: [],
    by: ['customer_id'],
    unit: 'USD',
    fail_mode: 'open',
    period: { start_ms: START, end_ms: END, next_end_ms: NEXT_END },
    terms: [
      {
        match: [],
        amount: femto('1'),
        floor: femto('0.25'),
        limits: [{ value: femto('1'), level: '100%', action: cap }],
      },
    ],
    windows: [],
    ...more,
  };
}

/** USD a million: 1 and 5, 10 and 50, and 0.1 and 0.5. */
export const rates = [
  ['plain', '1000000000', '5000000000', 200_000],
  ['dear', '10000000000', '50000000000', 200_000],
  ['cheap', '100000000', '500000000', 2_000],
].map(([model, input, output, context]) => ({
  provider: 'openai',
  model,
  as: { provider: 'openai', model },
  units: { input, output },
  context,
}));

export interface Stage {
  readonly guard: Guard;
  readonly state: State;
  /** Clocks go on. */
  readonly pass: (ms: number) => void;
  readonly tell: (event: string, data: object) => void;
  readonly said: readonly string[];
}

/** A guard that was told of `rules`, on 10 November 2026. */
export function stage(
  rules: readonly object[] | undefined,
  env: Readonly<Record<string, string>> = { SPANLEDGER_GUARD: 'cap' },
): Stage {
  let nowMs = Date.UTC(2026, 10, 10);
  let steady = 0;
  const state = new State({ wall: () => nowMs, steady: () => steady });
  const said: string[] = [];
  const guard = new Guard(readGuardSettings(env), state, (line) => said.push(line));
  const tell = (event: string, data: object): void => state.take(event, data, undefined);
  if (rules !== undefined) {
    tell('snapshot', { now_ms: nowMs, rules, rates });
    tell('ready', {});
  }
  const pass = (ms: number): void => {
    nowMs += ms;
    steady += ms;
  };
  return { guard, state, pass, tell, said };
}
