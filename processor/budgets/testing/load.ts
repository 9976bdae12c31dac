import type { Micros } from '../../../pricing/charge.ts';
import type { FemtoUsd } from '../../../pricing/money.ts';
import { dimensionNames, type DimensionName } from '../../ledger.ts';
import type { MonthlyRevenue } from '../../revenue.ts';
import { amountText, readAmount } from '../quantity.ts';
import { YamlReader, type Fields, type Mistake, type Place } from '../yaml.ts';

/** Calls that the test lets arrive together. */
export interface Arrival {
  readonly at: Micros;
  readonly tags: Readonly<Partial<Record<DimensionName, string>>>;
  /** Of each call; undefined for calls without a price. */
  readonly cost: FemtoUsd | undefined;
  readonly tokens: number;
  readonly calls: number;
}

/** One thing that must hold; `line` and `column` are where the file says so. */
export interface Expected<T> {
  readonly line: number;
  readonly column: number;
  readonly value: T;
}

export interface ExpectedState {
  readonly budget: string;
  readonly labels: Readonly<Record<string, string>>;
  /** What is left out is not compared. Amounts as texts: `5 USD`. */
  readonly state: string | undefined;
  readonly spent: string | undefined;
  readonly amount: string | undefined;
}

export interface ExpectedNotice {
  readonly budget: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `70%`, or `forecast 100%`. */
  readonly threshold: string;
  readonly status: 'firing' | 'resolved';
}

/** What must hold at an instant. */
export interface Check {
  readonly at: Micros;
  readonly states: readonly Expected<ExpectedState>[];
  /** All that was told since the check before, in any order; undefined if that is not looked at. */
  readonly told: Expected<readonly ExpectedNotice[]> | undefined;
}

export interface BudgetTest {
  readonly name: string;
  readonly arrivals: readonly Arrival[];
  /** What customers pay; it is known from the beginning. */
  readonly revenue: readonly MonthlyRevenue[];
  readonly checks: readonly Check[];
}

export type LoadedTests =
  | { readonly status: 'valid'; readonly budgets: string; readonly tests: readonly BudgetTest[] }
  | { readonly status: 'invalid'; readonly path: string; readonly mistakes: readonly Mistake[] };

const shapes = {
  file: { keys: ['budgets', 'tests'], required: ['budgets', 'tests'] },
  test: { keys: ['name', 'calls', 'revenue', 'expect'], required: ['name', 'calls', 'expect'] },
  arrival: { keys: ['at', 'cost', 'unpriced', 'tokens', 'calls', 'tags'], required: ['at'] },
  revenue: { keys: ['customer_id', 'month', 'amount'], required: ['customer_id', 'month', 'amount'] },
  check: { keys: ['at', 'states', 'told'], required: ['at'] },
  state: { keys: ['budget', 'labels', 'state', 'spent', 'amount'], required: ['budget'] },
  notice: { keys: ['budget', 'labels', 'threshold', 'status'], required: ['budget', 'threshold'] },
};
const MAX_CALLS = 10_000;

/** Reads a file for `budgets test`: a budgets file, calls, and what they must lead to. All mistakes at once. */
export function loadTests(path: string, text: string): LoadedTests {
  const yaml = new YamlReader(text);
  const read = new Reader(yaml);
  const fields = yaml.readable ? yaml.fields(yaml.root, shapes.file) : undefined;
  const budgets = read.text(fields, 'budgets') ?? '';
  const tests = read.list(fields, 'tests', (place) => read.test(place));
  const { mistakes } = yaml;
  return mistakes.length > 0 ? { status: 'invalid', path, mistakes } : { status: 'valid', budgets, tests };
}

class Reader {
  readonly #yaml: YamlReader;

  constructor(yaml: YamlReader) {
    this.#yaml = yaml;
  }

  text(fields: Fields | undefined, key: string): string | undefined {
    const place = fields?.get(key);
    return place && this.#yaml.text(place);
  }

  list<T>(fields: Fields | undefined, key: string, load: (place: Place) => T | undefined): readonly T[] {
    const place = fields?.get(key);
    const items = (place && this.#yaml.items(place)) ?? [];
    return items.flatMap((item) => load(item) ?? []);
  }

  test(place: Place): BudgetTest | undefined {
    const fields = this.#yaml.fields(place, shapes.test);
    const name = this.text(fields, 'name');
    const arrivals = this.list(fields, 'calls', (item) => this.#arrival(item));
    const revenue = this.list(fields, 'revenue', (item) => this.#revenue(item));
    const checks = this.list(fields, 'expect', (item) => this.#check(item));
    return name === undefined ? undefined : { name, arrivals, revenue, checks };
  }

  #arrival(place: Place): Arrival | undefined {
    const fields = this.#yaml.fields(place, shapes.arrival);
    const at = this.#value(fields, 'at', readInstant);
    const cost = this.#value(fields, 'cost', readCost);
    const unpriced = this.text(fields, 'unpriced') === 'true';
    const tokens = this.#value(fields, 'tokens', readCount) ?? 0;
    const calls = this.#value(fields, 'calls', readCalls) ?? 1;
    const tags = this.#labels(fields, 'tags', dimensionNames);
    if (fields !== undefined && fields.has('cost') === unpriced)
      return this.#yaml.wrong(place, 'a call has a "cost", or is "unpriced: true"');
    return at === undefined ? undefined : { at, tags, cost, tokens, calls };
  }

  #revenue(place: Place): MonthlyRevenue | undefined {
    const fields = this.#yaml.fields(place, shapes.revenue);
    const customerId = this.text(fields, 'customer_id');
    const month = this.#value(fields, 'month', readMonth);
    const amount = this.#value(fields, 'amount', readPaid);
    if (customerId === undefined || month === undefined || amount === undefined) return undefined;
    return { customerId, month, amount };
  }

  #check(place: Place): Check | undefined {
    const fields = this.#yaml.fields(place, shapes.check);
    const at = this.#value(fields, 'at', readInstant);
    const states = this.list(fields, 'states', (item) => this.#state(item));
    const toldAt = fields?.get('told');
    const told = this.list(fields, 'told', (item) => this.#notice(item));
    if (at === undefined) return undefined;
    return { at, states, told: toldAt && this.#expected({ ...toldAt, offset: toldAt.keyOffset }, told) };
  }

  #state(place: Place): Expected<ExpectedState> | undefined {
    const fields = this.#yaml.fields(place, shapes.state);
    const budget = this.text(fields, 'budget');
    const labels = this.#labels(fields, 'labels');
    const state = this.#value(fields, 'state', readState);
    const [spent, amount] = ['spent', 'amount'].map((key) => this.#value(fields, key, readAmount));
    if (budget === undefined) return undefined;
    const value = { budget, labels, state, spent: spent && amountText(spent), amount: amount && amountText(amount) };
    return this.#expected(place, value);
  }

  #notice(place: Place): ExpectedNotice | undefined {
    const fields = this.#yaml.fields(place, shapes.notice);
    const [budget, threshold] = [this.text(fields, 'budget'), this.text(fields, 'threshold')];
    const status = this.#value(fields, 'status', readStatus) ?? 'firing';
    const labels = this.#labels(fields, 'labels');
    return budget === undefined || threshold === undefined ? undefined : { budget, labels, threshold, status };
  }

  #labels(fields: Fields | undefined, key: string, known?: readonly string[]): Readonly<Record<string, string>> {
    const place = fields?.get(key);
    if (place === undefined) return {};
    const entries = known === undefined ? this.#yaml.entries(place) : this.#yaml.fields(place, { keys: known });
    return Object.fromEntries(Array.from(entries ?? [], ([name, at]) => [name, this.#yaml.text(at) ?? '']));
  }

  #value<T>(fields: Fields | undefined, key: string, read: (text: string) => T): T | undefined {
    const place = fields?.get(key);
    return place && this.#yaml.value(place, read);
  }

  #expected<T>(place: Place, value: T): Expected<T> {
    return { ...this.#yaml.position(place), value };
  }
}

function readInstant(text: string): Micros {
  const ms = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[-+]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(ms)) throw new RangeError(`"${text}" is not an instant such as 2026-11-25T12:00:00Z`);
  return ms * 1000;
}

function readCost(text: string): FemtoUsd {
  const { unit, value } = readAmount(text);
  if (unit !== 'USD') throw new RangeError('a cost is in USD; tokens stand in "tokens"');
  return value;
}

function readPaid(text: string): FemtoUsd {
  const { unit, value } = readAmount(text);
  if (unit === 'USD') return value;
  throw new RangeError('revenue is in USD');
}

function readMonth(text: string): string {
  if (/^\d{4}-(0[1-9]|1[0-2])$/.test(text)) return text;
  throw new RangeError(`"${text}" is not a month such as 2026-11`);
}

function readCount(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new RangeError(`"${text}" is not a whole number below 1000000000`);
}

function readCalls(text: string): number {
  const calls = readCount(text);
  if (calls < 1 || calls > MAX_CALLS) throw new RangeError(`"${text}" is not between 1 and ${MAX_CALLS}`);
  return calls;
}

function readState(text: string): string {
  if (['ok', 'alerting', 'exceeded'].includes(text)) return text;
  throw new RangeError(`"${text}" is not a state; there are ok, alerting, exceeded`);
}

function readStatus(text: string): 'firing' | 'resolved' {
  if (text === 'firing' || text === 'resolved') return text;
  throw new RangeError(`"${text}" is not a status; there are firing, resolved`);
}
