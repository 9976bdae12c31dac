import { isJson, type Json } from '../apis/api.ts';

/**
 * What the processor tells (`GET /api/v1/budgets/state`), read as strangers' input: what is not as expected throws a
 * TypeError, and what is unknown is left out. Amounts are whole numbers in the unit of the budget (femto-USD, tokens,
 * requests), instants milliseconds since the Unix epoch.
 */
export interface Snapshot {
  readonly nowMs: number;
  /** What part of a leased cap may be spent before anything is granted; undefined: nothing. */
  readonly starterDivisor: bigint | undefined;
  readonly rules: readonly RuleState[];
  readonly rates: readonly Rates[];
}

export interface RuleState {
  readonly budget: string;
  readonly match: readonly Matcher[];
  readonly by: readonly string[];
  readonly unit: string;
  readonly closed: boolean;
  /** Of calls of models without a price. */
  readonly unpriced: 'ignore' | 'worst-case' | 'block';
  readonly startMs: number;
  readonly endMs: number;
  readonly nextEndMs: number | undefined;
  readonly terms: readonly Terms[];
  readonly windows: readonly Window[];
}

export interface Terms {
  readonly match: readonly Matcher[];
  readonly amount: bigint;
  readonly floor: bigint;
  readonly limits: readonly Limit[];
}

export interface Limit {
  readonly value: bigint;
  readonly level: string;
  readonly action: Action;
}

export type Action =
  | { readonly kind: 'throttle'; readonly to: string }
  | { readonly kind: 'cap'; readonly message: string | undefined; readonly lease: boolean };

export interface Window {
  readonly match: readonly Matcher[];
  readonly maxAction: 'alert' | 'throttle';
  readonly holds: readonly (readonly [fromMs: number, toMs: number])[];
}

export interface Matcher {
  readonly name: string;
  readonly test: (value: string) => boolean;
}

export interface Rates {
  readonly provider: string;
  readonly model: string;
  /** What the ledger calls it, and matchers see. */
  readonly as: { readonly provider: string; readonly model: string };
  readonly units: ReadonlyMap<string, bigint>;
  /** False: the model has no price, and `units` are what it may cost at most. */
  readonly priced: boolean;
  readonly context: number | undefined;
}

export interface KeyState {
  readonly rule: number;
  /** The place of those of the rule, or the key's own. */
  readonly terms: number | Terms;
  readonly spent: bigint;
  /** Null for the account that keys beyond the most share. */
  readonly values: readonly string[] | null;
}

/** What the processor grants of a cap that is leased (`POST /api/v1/budgets/leases`). */
export interface Grant {
  readonly lease: string;
  /** All that was granted so far. */
  readonly granted: bigint;
}

export function readGrants(value: unknown): readonly Grant[] {
  return list(object(value)['grants'], (each) => {
    const grant = object(each);
    return { lease: text(grant['lease']), granted: whole(grant['granted']) };
  });
}

export function readSnapshot(data: Json): Snapshot {
  return {
    nowMs: number(data['now_ms']),
    starterDivisor: typeof data['starter_divisor'] === 'string' ? whole(data['starter_divisor']) : undefined,
    rules: list(data['rules'], readRule),
    rates: list(data['rates'], readRates),
  };
}

export function readDelta(data: Json): { readonly keys: readonly KeyState[]; readonly rates: readonly Rates[] } {
  return { keys: list(data['keys'] ?? [], readKey), rates: list(data['rates'] ?? [], readRates) };
}

function readRule(value: unknown): RuleState {
  const rule = object(value);
  const period = object(rule['period']);
  const nextEnd = period['next_end_ms'];
  return {
    budget: text(rule['budget']),
    match: list(rule['match'], readMatcher),
    by: list(rule['by'], text),
    unit: text(rule['unit']),
    closed: rule['fail_mode'] === 'closed',
    unpriced: rule['unpriced'] === 'block' || rule['unpriced'] === 'worst-case' ? rule['unpriced'] : 'ignore',
    startMs: number(period['start_ms']),
    endMs: period['end_ms'] === null ? Infinity : number(period['end_ms']),
    nextEndMs: nextEnd === null ? undefined : number(nextEnd),
    terms: list(rule['terms'], readTerms),
    windows: list(rule['windows'], readWindow),
  };
}

function readTerms(value: unknown): Terms {
  const terms = object(value);
  return {
    match: list(terms['match'], readMatcher),
    amount: whole(terms['amount']),
    floor: whole(terms['floor']),
    limits: list(terms['limits'], (each) => {
      const limit = object(each);
      return { value: whole(limit['value']), level: text(limit['level']), action: readAction(limit['action']) };
    }),
  };
}

function readAction(value: unknown): Action {
  const action = object(value);
  if (action['kind'] === 'throttle') return { kind: 'throttle', to: text(action['to']) };
  const { message } = action;
  return { kind: 'cap', message: typeof message === 'string' ? message : undefined, lease: action['lease'] === true };
}

function readWindow(value: unknown): Window {
  const window = object(value);
  return {
    match: list(window['match'], readMatcher),
    maxAction: window['max_action'] === 'throttle' ? 'throttle' : 'alert',
    holds: list(window['holds'], (span) => {
      const [from, to] = list(span, number);
      return [from ?? 0, to ?? 0] as const;
    }),
  };
}

/** As the processor matches: anchored at both ends; a tag that a call does not carry is ''. */
function readMatcher(value: unknown): Matcher {
  const matcher = object(value);
  const [name, op, wanted] = [text(matcher['name']), text(matcher['op']), text(matcher['value'])];
  if (op === '=') return { name, test: (actual) => actual === wanted };
  if (op === '!=') return { name, test: (actual) => actual !== wanted };
  const pattern = new RegExp(`^(?:${wanted})$`, 'su');
  return op === '=~'
    ? { name, test: (actual) => pattern.test(actual) }
    : { name, test: (actual) => !pattern.test(actual) };
}

function readRates(value: unknown): Rates {
  const rates = object(value);
  const { context } = rates;
  const as = object(rates['as']);
  return {
    provider: text(rates['provider']),
    model: text(rates['model']),
    as: { provider: text(as['provider']), model: text(as['model']) },
    units: new Map(Object.entries(object(rates['units'])).map(([unit, rate]) => [unit, whole(rate)])),
    priced: rates['priced'] !== false,
    context: typeof context === 'number' ? context : undefined,
  };
}

function readKey(value: unknown): KeyState {
  const [rule, terms, spent, values] = list(value, (each) => each);
  return {
    rule: number(rule),
    terms: typeof terms === 'number' ? terms : readTerms(terms),
    spent: whole(spent),
    values: values === null ? null : list(values, text),
  };
}

function object(value: unknown): Json {
  if (!isJson(value)) throw new TypeError('not an object');
  return value;
}

function list<T>(value: unknown, read: (value: unknown) => T): readonly T[] {
  if (!Array.isArray(value)) throw new TypeError('not a list');
  return value.map((each: unknown) => read(each));
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('not a text');
  return value;
}

function number(value: unknown): number {
  if (typeof value !== 'number') throw new TypeError('not a number');
  return value;
}

function whole(value: unknown): bigint {
  return BigInt(text(value));
}
