/** Live calls through the instrumented application, each with what the ledger must say of it afterwards. */
import { setTimeout as sleep } from 'node:timers/promises';
import { formatUsd, type FemtoUsd } from '../pricing/money.ts';
import type { Behaviour, Provider } from '../test/support/provider.ts';
import type { LedgerEntry, ProcessorApi } from './api.ts';
import { costOf } from './rates.ts';

/** What the demo has running. */
export interface Stage {
  readonly provider: Provider;
  readonly appUrl: string;
  readonly api: ProcessorApi;
  /** ISO instant; no live call started before. */
  readonly from: string;
}

export interface LiveResult {
  readonly title: string;
  readonly what: string;
  readonly note: string;
  /** undefined: no figure, because there is no price. */
  readonly expected: FemtoUsd | undefined;
}

interface Scene {
  readonly title: string;
  readonly path: string;
  readonly customer: string;
  readonly plan: string;
  /** What the provider does, one a request. */
  readonly provider: readonly Behaviour[];
  /** The reader leaves after the first words. */
  readonly leaves?: boolean;
  /** Throws unless the ledger has what it must have. */
  readonly judge: (entry: LedgerEntry) => Pick<LiveResult, 'expected' | 'note'>;
}

const scenes: readonly Scene[] = [
  {
    title: 'a tagged call',
    path: '/summaries',
    customer: 'blue-harbor',
    plan: 'pro',
    provider: [{ usage: { input: 1250, output: 340 } }],
    judge: (entry) => {
      must(entry.feature === 'summarizer', `the feature is "${entry.feature}"`);
      return { expected: costOf('gpt-4o', 1250, 340), note: 'blue-harbor, summarizer' };
    },
  },
  {
    title: 'a retry',
    path: '/search',
    customer: 'iron-mill',
    plan: 'pro',
    provider: [{ status: 500, retryAfterMs: 20 }, { usage: { input: 2000, output: 400 } }],
    judge: (entry) => {
      must(entry.attempts === 2, `${entry.attempts} attempts were counted`);
      return { expected: costOf('gpt-4.1-mini', 2000, 400), note: 'a 500, then a 200: one charge, 2 attempts' };
    },
  },
  {
    title: 'a stream that was left',
    path: '/chat',
    customer: 'bright-desk',
    plan: 'starter',
    provider: [{ usage: { input: 1500, output: 900 }, chunks: 60, chunkDelayMs: 50 }],
    leaves: true,
    judge: (entry) => {
      const { input = 0, output = 0 } = entry.usage;
      must(['estimated', 'incomplete'].includes(entry.usage_state), `its usage is flagged "${entry.usage_state}"`);
      must(input === 1500 && output > 0 && output < 900, `its usage is ${input}/${output}`);
      return {
        expected: costOf('claude-sonnet-4-6', input, output),
        note: `${entry.usage_state}: all of the input, the output that came`,
      };
    },
  },
  {
    title: 'a model without a price',
    path: '/classify',
    customer: 'tiny-notes',
    plan: 'free',
    provider: [{ usage: { input: 900, output: 120 } }],
    judge: (entry) => {
      must(entry.charge.status === 'unpriced', `its charge is "${entry.charge.status}"`);
      return { expected: undefined, note: `unpriced (${entry.charge.reason ?? ''}), counted, never $0` };
    },
  },
];

/** Plays every scene, one after the other, and waits until each is in the ledger. */
export async function playLive(stage: Stage): Promise<readonly LiveResult[]> {
  const results: LiveResult[] = [];
  for (const scene of scenes) {
    stage.provider.next(...scene.provider);
    await request(stage, scene);
    const [entry] = await entriesOf(stage, scene.customer, 1);
    if (entry === undefined) throw new Error(`${scene.title}: no entry`);
    try {
      const { input = 0, output = 0 } = entry.usage;
      const what = `${entry.model} ${input.toLocaleString('en-US')}/${output.toLocaleString('en-US')}`;
      const { expected, note } = scene.judge(entry);
      const charged = entry.charge.amount_usd;
      must(
        charged === (expected === undefined ? undefined : formatUsd(expected)),
        `it was charged ${charged ?? 'nothing'}`,
      );
      results.push({ title: scene.title, what, note, expected });
    } catch (error) {
      throw new Error(`${scene.title}: ${(error as Error).message}`, { cause: error });
    }
  }
  return results;
}

/** The customer whose program calls the agent again and again. */
export const runaway = { customer: 'loop-labs', plan: 'starter', calls: 22, input: 2000, output: 600 } as const;

/**
 * Plays the runaway customer: one call after the other, each in the ledger before the next starts, so that every notice
 * belongs to one call.
 */
export async function playRunaway(stage: Stage): Promise<LiveResult> {
  const { customer, plan, calls, input, output } = runaway;
  for (let call = 1; call <= calls; call++) {
    stage.provider.next({ usage: { input, output } });
    await request(stage, { path: '/agent', customer, plan });
    await entriesOf(stage, customer, call);
  }
  // The application is told of it within a fifth of a second, by the processor.
  await sleep(1_000);
  await refused(stage);
  return {
    title: 'a runaway customer',
    what: `${calls} × claude-haiku-4-5 2,000/600`,
    note: `${customer}, call ${calls + 1} refused with 402`,
    expected: costOf('claude-haiku-4-5', input, output) * BigInt(calls),
  };
}

/** The next call: the application answers 402, and the provider hears nothing of it. */
async function refused({ appUrl, provider }: Stage): Promise<void> {
  const before = provider.requests.length;
  const { customer, plan } = runaway;
  const answer = await ask(appUrl, { path: '/agent', customer, plan });
  const { detail = '' } = (await answer.json()) as { readonly detail?: string };
  must(answer.status === 402, `a call beyond the budget was answered with ${answer.status}: ${detail}`);
  must(detail === 'Your AI budget for this month is used up', `a call beyond the budget was told "${detail}"`);
  must(provider.requests.length === before, 'a call beyond the budget reached the provider');
}

/** Asks until `check` answers something, twenty seconds at most. */
export async function until<Found>(what: string, check: () => Promise<Found | undefined>): Promise<Found> {
  for (const giveUp = Date.now() + 20_000; Date.now() < giveUp; await sleep(20)) {
    const found = await check();
    if (found !== undefined) return found;
  }
  throw new Error(`${what} did not happen within 20 s`);
}

async function entriesOf(stage: Stage, customer: string, count: number): Promise<readonly LedgerEntry[]> {
  const query = { from: stage.from, where: `customer_id="${customer}"`, limit: '100' };
  return until(`${count} calls of ${customer} in the ledger`, async () => {
    const entries = await stage.api.entries(query);
    return entries.length >= count ? entries : undefined;
  });
}

async function request(
  { appUrl }: Stage,
  { path, customer, plan, leaves = false }: Pick<Scene, 'path' | 'customer' | 'plan' | 'leaves'>,
): Promise<void> {
  const leaving = new AbortController();
  const answer = await ask(appUrl, { path, customer, plan }, leaving.signal);
  if (!answer.ok) throw new Error(`the application answered ${path} with ${answer.status}: ${await answer.text()}`);
  if (!leaves) return void (await answer.text());
  await answer.body?.getReader().read();
  leaving.abort();
}

async function ask(
  appUrl: string,
  { path, customer, plan }: Pick<Scene, 'path' | 'customer' | 'plan'>,
  signal?: AbortSignal,
): Promise<Response> {
  return fetch(`${appUrl}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-customer-id': customer, 'x-plan': plan },
    body: JSON.stringify({ text: 'How did our costs develop last month, and why?' }),
    ...(signal === undefined ? {} : { signal }),
  });
}

function must(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
