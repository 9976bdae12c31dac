import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Charge, Micros } from '../../../pricing/charge.ts';
import { dimensionNames, type Dimensions, type Entry, type Ledger } from '../../ledger.ts';
import { openSqliteLedger } from '../../stores/sqlite.ts';
import { isoTime } from '../account.ts';
import type { Alert } from '../alert.ts';
import { createBudgets, type Budgets } from '../index.ts';
import { everythingTo } from '../notify/route.ts';
import type { Rule } from '../rule.ts';
import type { BudgetStanding } from '../states.ts';
import type { Arrival, BudgetTest, Check, ExpectedNotice, ExpectedState } from './load.ts';

/** What did not hold, and where the file says that it must. */
export interface Failure {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** The clock moves in steps of at most this, as forecasts are looked at on the clock. */
const STEP: Micros = 3_600_000_000;

/**
 * Runs a test: the real budgets on a real ledger in a temporary folder, and a clock that jumps from one event to the next.
 * Empty where everything holds.
 *
 * @example await runTest(rules, test)
 */
export async function runTest(rules: readonly Rule[], test: BudgetTest): Promise<readonly Failure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'spanledger-budgets-'));
  const ledger = await openSqliteLedger({ path: join(folder, 'ledger.db') });
  try {
    return await play(rules, test, ledger);
  } finally {
    await ledger.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function play(
  rules: readonly Rule[],
  { arrivals, revenue, checks }: BudgetTest,
  ledger: Ledger,
): Promise<readonly Failure[]> {
  const events = [
    ...arrivals.map((arrival) => ({ at: arrival.at, arrival, check: undefined })),
    ...checks.map((check) => ({ at: check.at, arrival: undefined, check })),
    // What arrives at the instant of a check has arrived.
  ].toSorted((a, b) => a.at - b.at || Number(a.check !== undefined) - Number(b.check !== undefined));
  let now = events[0]?.at ?? 0;
  let told: Alert[] = [];
  const budgets = createBudgets({
    rules,
    notify: everythingTo({ kind: 'alertmanager', place: 'test', url: new URL('http://localhost') }),
    ledger,
    revenue: { sums: async () => revenue, version: async () => 1 },
    log: silent,
    now: () => now,
    targetOf: ({ place }) => ({
      place,
      address: '',
      forgets: false,
      sendResolved: true,
      post: async (alerts) => {
        told.push(...alerts);
        return { result: 'taken' };
      },
    }),
  });
  const failures: Failure[] = [];
  let number = 0;
  await budgets.start();
  try {
    for (const { at, arrival, check } of events) {
      for (; now < at; now = Math.min(at, now + STEP)) await look(budgets);
      if (arrival !== undefined) {
        const entries = Array.from({ length: arrival.calls }, () => entryOf(arrival, number++));
        budgets.observe(await ledger.append(entries));
      }
      await look(budgets);
      if (check === undefined) continue;
      failures.push(...compare(check, budgets.states(Infinity), told));
      if (check.told !== undefined) told = [];
    }
  } finally {
    await budgets.stop();
  }
  return failures;
}

async function look(budgets: Budgets): Promise<void> {
  await budgets.tick();
  await budgets.settled();
}

function compare(
  { at, states, told }: Check,
  standings: readonly BudgetStanding[],
  alerts: readonly Alert[],
): Failure[] {
  const failures = states.flatMap(({ value, line, column }) =>
    stateDifferences(value, standings).map((message) => ({ line, column, message })),
  );
  if (told === undefined) return failures;
  const { value, ...where } = told;
  const [expected, actual] = [value.map(noticeText).toSorted(), alerts.map(noticeOf).map(noticeText).toSorted()];
  const message = (what: string): Failure => ({ ...where, message: `${what} by ${isoTime(at)}` });
  return [
    ...failures,
    ...without(expected, actual).map((text) => message(`${text}: not told`)),
    ...without(actual, expected).map((text) => message(`${text}: told, and not expected`)),
  ];
}

/** What is in `list` more often than in `other`. */
function without(list: readonly string[], other: readonly string[]): readonly string[] {
  const left = [...other];
  return list.filter((text) => {
    const index = left.indexOf(text);
    if (index !== -1) left.splice(index, 1);
    return index === -1;
  });
}

function stateDifferences(expected: ExpectedState, standings: readonly BudgetStanding[]): readonly string[] {
  const who = `${expected.budget}${labelsText(expected.labels)}`;
  const found = standings.find(
    ({ budget, labels }) => budget === expected.budget && labelsText(labels) === labelsText(expected.labels),
  );
  if (found === undefined) return [`${who}: no such budget or key in the period`];
  const actual = { state: found.state, spent: `${found.spent} ${found.unit}`, amount: `${found.amount} ${found.unit}` };
  return (['state', 'spent', 'amount'] as const).flatMap((name) =>
    expected[name] === undefined || expected[name] === actual[name]
      ? []
      : [`${who}: ${name} is ${actual[name]}, expected ${expected[name]}`],
  );
}

function noticeOf({ labels, endsAt }: Alert): ExpectedNotice {
  const { alertname = '', budget = '', threshold = alertname, basis = 'actual' } = labels;
  const own = Object.entries(labels).filter(([name]) => (dimensionNames as readonly string[]).includes(name));
  const status = endsAt === undefined ? 'firing' : 'resolved';
  return {
    budget,
    labels: Object.fromEntries(own),
    threshold: basis === 'actual' ? threshold : `${basis} ${threshold}`,
    status,
  };
}

function noticeText({ budget, labels, threshold, status }: ExpectedNotice): string {
  return `${budget}${labelsText(labels)} ${threshold} ${status}`;
}

/** Labels without a value are none, as in an alert. */
function labelsText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).filter(([, value]) => value !== '');
  const texts = pairs.map(([name, value]) => `${name}=${JSON.stringify(value)}`).toSorted();
  return texts.length === 0 ? '' : `{${texts.join(',')}}`;
}

function entryOf({ at, tags, cost, tokens }: Arrival, number: number): Entry {
  const charge = chargeOf(cost);
  const untagged = Object.fromEntries(dimensionNames.map((name) => [name, '']));
  return {
    startUs: at,
    traceId: number.toString(16).padStart(32, '0'),
    spanId: (number + 1).toString(16).padStart(16, '0'),
    rev: 0,
    durationUs: 0,
    dimensions: { ...untagged, ...tags, status: charge.status } as Dimensions,
    operation: 'chat',
    dialect: 'spanledger',
    sentProvider: '',
    sentModel: '',
    region: '',
    adjustment: '',
    usageState: 'reported',
    basis: 'reported',
    counts: tokens === 0 ? {} : { input: tokens },
    charge,
    taskId: '',
    userId: '',
    sessionId: '',
    responseId: '',
    attempts: 1,
    fallbackFrom: '',
    error: '',
    extra: {},
  };
}

function chargeOf(cost: bigint | undefined): Charge {
  if (cost === undefined) return { status: 'unpriced', reason: 'unknown_model', detail: 'as the test says' };
  const lines = [{ unit: 'request' as const, quantity: 1, rate: cost, amount: cost }];
  const names = { priceId: 'test', priceVersion: 'test', provider: 'test', model: 'test' };
  return { status: 'priced', amount: cost, lines, source: 'list', ...names };
}

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
