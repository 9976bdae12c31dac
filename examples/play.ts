/** The demo's acts, in order: four weeks of history, live calls, a resend, a runaway customer, and the reckoning. */
import { displayUsd, parseUsd, type FemtoUsd } from '../pricing/money.ts';
import { expectedByFeature, makeHistory, otlpRequests } from './history.ts';
import { playLive, playRunaway, runaway, until, type LiveResult, type Stage } from './live.ts';
import { noticeProblem, readNotices, type Notice } from './notices.ts';
import { costOf } from './rates.ts';
import { columns, compare, costTable } from './table.ts';
import type { WebhookReceiver } from './webhook.ts';

export interface Theatre extends Omit<Stage, 'from'> {
  readonly otlpUrl: string;
  readonly webhook: WebhookReceiver;
}

/** Long enough for the history; every query of the demo asks for it. */
const PERIOD = { from: '-30d' };

/** Plays everything and tells it with `say`. Answers what was not as it must be, a line each. */
export async function play(theatre: Theatre, say: (text: string) => void): Promise<readonly string[]> {
  const problems: string[] = [];
  const history = makeHistory(Date.now());
  const [first = new Uint8Array(), ...rest] = otlpRequests(history, 500);
  for (const request of [first, ...rest]) await post(theatre, request);
  say(`history      ${number(history.length)} calls of the last 28 days, sent as OpenTelemetry spans\n`);
  const byFeature = expectedByFeature();
  problems.push(...(await reportHistory(theatre, byFeature, say)));

  say('\nlive, through the application:');
  const stage = { ...theatre, from: new Date(Date.now() - 1_000).toISOString() };
  const results = await playLive(stage);
  const resent = await resend(theatre, first);
  const ran = await playRunaway(stage);
  const live = [...results, resent, ran];
  say(columns('llrl', live.map(resultRow)));

  const notices = await noticesOf(theatre);
  say('\ntold to the webhook of a budget of $0.10 a month for each customer of the agent:');
  say(columns('lrrl', notices.map(noticeRow)));
  problems.push(...noticeProblem(notices));

  const expected = sum([...byFeature.values(), ...live.map((result) => result.expected ?? 0n)]);
  const { total } = await theatre.api.costs(PERIOD);
  const { line, difference } = compare(total.cost_usd, expected);
  say(`\n${number(total.calls)} calls, ${total.unpriced_calls} of them without a price`);
  say(line);
  if (difference !== 0n) problems.push(`the total differs by ${displayUsd(difference)}`);
  return problems;
}

async function reportHistory(
  { api }: Theatre,
  expected: ReadonlyMap<string, FemtoUsd>,
  say: (text: string) => void,
): Promise<readonly string[]> {
  const { rows } = await api.costs({ ...PERIOD, by: 'feature' });
  const lines = rows.map((row) => ({
    name: row.feature ?? '',
    calls: row.calls,
    cost: parseUsd(row.cost_usd ?? '0'),
  }));
  say(costTable('feature', lines));
  return [...expected].flatMap(([feature, amount]) => {
    const reported = rows.find((row) => row.feature === feature)?.cost_usd ?? null;
    const { line, difference } = compare(reported, amount);
    return difference === 0n ? [] : [`${feature}: ${line}`];
  });
}

/** The bytes of a request once more, as an exporter sends them that got no answer. */
async function resend(theatre: Theatre, request: Uint8Array): Promise<LiveResult> {
  const before = await theatre.api.costs(PERIOD);
  await post(theatre, request);
  const after = await theatre.api.costs(PERIOD);
  if (after.total.cost_usd !== before.total.cost_usd || after.total.calls !== before.total.calls)
    throw new Error('spans that were sent again were charged again');
  const { duplicates } = (await theatre.api.status()).received;
  return { title: 'a resend', what: `${duplicates} spans that came before`, note: 'no new charge', expected: 0n };
}

async function noticesOf({ webhook }: Theatre): Promise<readonly Notice[]> {
  const perCall = costOf('claude-haiku-4-5', runaway.input, runaway.output);
  return until('the third notice at the webhook', async () => {
    const came = readNotices(webhook.received, perCall);
    return came.length >= 3 ? came : undefined;
  });
}

async function post({ otlpUrl }: Theatre, body: Uint8Array): Promise<void> {
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
  const answer = await fetch(`${otlpUrl}/v1/traces`, { method: 'POST', headers, body });
  if (!answer.ok) throw new Error(`the processor answered ${answer.status}: ${await answer.text()}`);
}

function resultRow({ title, what, note, expected }: LiveResult): readonly string[] {
  return [`  ${title}`, what, expected === undefined ? '—' : displayUsd(expected), note];
}

function noticeRow({ customer, threshold, call, spent, amount }: Notice): readonly string[] {
  return [`  ${customer}`, threshold, `at call ${call}`, `${spent} of ${amount}`];
}

function number(count: number): string {
  return count.toLocaleString('en-US');
}

function sum(amounts: readonly FemtoUsd[]): FemtoUsd {
  return amounts.reduce((total, amount) => total + amount, 0n);
}
