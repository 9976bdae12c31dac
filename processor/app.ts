import { createServer } from 'node:http';
import { hostname } from 'node:os';
import express from 'express';
import type { Logger } from 'pino';
import { accessBy, covers, type Access } from './access.ts';
import { isLoopback, listen, requireFree, type Address } from './address.ts';
import { announcer } from './announce.ts';
import { apiRouter } from './api.ts';
import type { BudgetCounter } from './budgets/index.ts';
import { recentModels } from './budgets/guard-rates.ts';
import { createLiveBudgets } from './budgets/live.ts';
import { readBudgets } from './budgets/read.ts';
import { createLeases } from './budgets/leases.ts';
import { createStateFeed, type StateFeed } from './budgets/state-feed.ts';
import { worstRatesOf } from './budgets/worst-rates.ts';
import { mistakesBeside } from './config-beside.ts';
import { filesOf } from './config-ledger.ts';
import type { Config } from './config.ts';
import { callReader, withHouse } from './dialects/index.ts';
import { SpanledgerError } from './errors.ts';
import type { BackendTimes } from './exporters/backend.ts';
import { startExporters } from './exporters/index.ts';
import { createGate } from './gate.ts';
import { followFeed, pinned } from './feed.ts';
import { createIngest } from './ingest.ts';
import { createLogIngest } from './ingest-logs.ts';
import type { Appended, Ledger } from './ledger.ts';
import { atMostEvery, createLog } from './log.ts';
import { createCounters } from './metrics.ts';
import { collectMetrics } from './metrics/collect.ts';
import { startPush } from './metrics/push.ts';
import { createSpendMetrics } from './metrics/spend.ts';
import { openLivePrices } from './live-prices.ts';
import { readTraces, traceReader } from './otlp/index.ts';
import type { Consume, Intake } from './receivers/intake.ts';
import { MAX_IN_FLIGHT, sharedMemory } from './receivers/memory.ts';
import { startOtlpGrpc } from './receivers/otlp-grpc.ts';
import { startOtlpHttp } from './receivers/otlp-http.ts';
import { createRelay } from './relay.ts';
import { withoutAdditions } from './stages/additions.ts';
import { createCommit, recentCalls } from './stages/commit.ts';
import { interestOf } from './stages/interest.ts';
import { createSettling } from './stages/settling.ts';
import { startSweeps } from './stages/sweeper.ts';
import { openLedger, openRevenue, shownLedger } from './stores/index.ts';
import { packageVersion } from './version.ts';

const MINUTE = 60_000;
/** How often what other processors add to a database is looked at. */
const OTHERS_MS = 1_000;

export interface App {
  /** Where OTLP is taken, without `/v1/traces`. */
  readonly otlpUrl: string;
  /** OTLP/gRPC; undefined where it is off. */
  readonly grpcUrl: string | undefined;
  /** API, metrics and page. */
  readonly apiUrl: string;
  /**
   * Reads again what may change while it runs: rate cards, contract and budgets. What is wrong is logged and changes
   * nothing. Resolves once what was read holds; never rejects.
   */
  reload(): Promise<void>;
  /** Answers what has begun, then closes everything. May be called any number of times. */
  stop(): Promise<void>;
}

export interface AppOptions {
  readonly log?: Logger;
  /** Lines for people: the start, and each of the first calls. */
  readonly print?: (line: string) => void;
  /** How patient to be with backends. */
  readonly times?: Partial<BackendTimes> | undefined;
}

/**
 * The composition root: everything is built here, in order, and closed in reverse.
 *
 * @example const app = await startApp(loadConfig({ env: process.env, cwd: process.cwd() }));
 */
export async function startApp(
  config: Config,
  { log = createLog(), print = () => undefined, times }: AppOptions = {},
): Promise<App> {
  const closers: (() => Promise<void>)[] = [];
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= closeAll(closers, log));
  try {
    const counters = createCounters();
    const mistakes = mistakesBeside(config);
    if (mistakes.length > 0) throw new SpanledgerError('invalid_config', mistakes.join('\n'));
    const prices = openLivePrices({ config, log });
    closers.push(async () => prices.stop());
    const budgetSettings = readBudgets(config.budgets);

    const { otlp: httpAddress, grpc: grpcAddress } = config.listen;
    await requireFree(httpAddress, 'OTLP');
    if (grpcAddress !== undefined) await requireFree(grpcAddress, 'OTLP/gRPC');
    // Bound early, because alerts link to the page; it answers 404 until the routes are there.
    const pages = express().disable('x-powered-by');
    const api = await listen(createServer(pages), config.listen.api, 'page and API');
    closers.push(() => api.close());

    const ledger = await openLedger(config.ledger, { retention: config.retention, replica: config.replica });
    closers.push(() => ledger.close());
    // What others add while the sums are read is not added to them again.
    await ledger.feed?.pin(() => undefined);

    const spend = createSpendMetrics({ ledger, counters });
    await spend.start();

    const count = (name: BudgetCounter, amount: number, label?: string): void => counters.add(name, amount, label);
    const revenue = await openRevenue(config.ledger);
    closers.push(() => revenue.close());
    const gate = createGate();
    /** Everything that keeps sums in memory. */
    const others = (calls: readonly Appended[]): void => {
      spend.observe(calls);
      budgets.observe(calls);
      feed.observe(calls);
    };
    const budgets = createLiveBudgets({
      settings: budgetSettings,
      path: config.budgets,
      revenue,
      gate,
      ledger,
      log,
      externalUrl: api.url,
      count,
      directory: `${filesOf(config)}.notifications`,
      changed: (account) => feed.changed(account),
      worstRates: () => worstRatesOf(prices.catalog),
      reading: (work) => pinned(ledger.feed, others, work),
    });
    const leases = createLeases({
      acting: () => budgets.acting(),
      // Who holds a lease has spent something.
      ...((await ledger.firstUs()) === undefined ? { quietMs: 0 } : {}),
    });
    const models = await recentModels(ledger, Date.now() * 1000);
    const feed: StateFeed = createStateFeed({ budgets, prices, leases, models });
    closers.push(async () => feed.stop());
    await budgets.start();
    closers.push(() => budgets.stop());
    ledger.feed?.unpin();

    const exporters = await startExporters({
      targets: config.forward,
      directory: `${filesOf(config)}.spool`,
      plain: ({ signal, encoding, body }) =>
        signal === 'traces' ? withoutAdditions(readTraces(body, encoding)) : body,
      counters,
      log,
      times,
    });
    closers.push(() => exporters.stop());

    let otlpUrl: string | undefined;
    pages.use(
      apiRouter({
        version: packageVersion(),
        ledger,
        location: shownLedger(config.ledger),
        prices,
        counters,
        spend,
        budgets,
        feed,
        leases,
        spools: () => exporters.states(),
        blocked: () => exporters.blocked(),
        access: accessBy(config.tokens, isOpen(config, config.listen.api)),
        loopbackNamesOnly: isLoopback(config.listen.api) && !config.tokens.some((token) => covers(token, 'read')),
        timezone: config.timezone,
        otlpUrl: () => otlpUrl,
        log,
      }),
    );

    if (config.metrics !== undefined) {
      const sources = { spend, counters, prices, budgets, spools: () => exporters.states() };
      const started = Date.now() * 1000;
      const pusher = startPush({
        target: config.metrics,
        instance: `${hostname()}:${new URL(api.url).port}`,
        points: (now) => collectMetrics(sources, now),
        starts: async () => ({ ledger: (await ledger.firstUs()) ?? started, process: started }),
        counters,
        log,
      });
      closers.push(() => pusher.stop());
    }

    const exporter = config.forward.length === 0 ? undefined : exporters;
    const observers = [others, announcer(print)];
    if (ledger.feed !== undefined) {
      const complain = atMostEvery(MINUTE);
      const stopFollowing = followFeed(ledger.feed, {
        everyMs: OTHERS_MS,
        take: others,
        onError: (error) =>
          complain((left) =>
            log.warn({ err: error, left_out: left }, 'what other processors add can not be read; trying again'),
          ),
      });
      closers.push(stopFollowing);
    }
    const observe = (calls: readonly Appended[]): void => observers.forEach((tell) => tell(calls));
    const settling = createSettling({ ledger, prices, counters, observe, ...config.window });
    const sweeps = startSweeps(
      { sweep: () => gate.pass(() => settling.sweep()) },
      {
        settleUs: config.window.settleUs,
        onError: (error) => log.error({ err: error }, 'what is held back could not be settled; it is tried again'),
      },
    );
    closers.push(() => sweeps.stop());
    const commit = createCommit(ledger, await recentCalls(ledger, Date.now() * 1000));
    const list = withHouse(config.dialects);
    const ingest = createIngest({ prices, read: callReader(list), commit, settling, exporter, observers, counters });

    const readSpans = traceReader(interestOf(list));
    const relay = (signal: 'logs' | 'metrics'): Consume => createRelay({ signal, exporter, counters });
    const ingestLogs = createLogIngest({ prices, commit, settling, observers, counters, relay: relay('logs') });
    const intake: Intake = {
      traces: (body, encoding) => gate.pass(async () => ingest(readSpans(body, encoding))),
      logs: (body, encoding) => gate.pass(() => ingestLogs(body, encoding)),
      metrics: relay('metrics'),
    };

    const reload = async (): Promise<void> => {
      prices.reload();
      await budgets.reload();
    };

    const complain = atMostEvery(MINUTE);
    // Last, so that nothing is taken before everything behind it is there.
    const receiving = {
      intake,
      counters,
      tls: config.listen.tls,
      lend: sharedMemory(MAX_IN_FLIGHT),
      onError: (error: unknown): void =>
        complain((left) =>
          log.error({ err: error, left_out: left }, 'a request could not be taken; its sender was told'),
        ),
    };
    const accessTo = (address: Address): Access => accessBy(config.tokens, isOpen(config, address));
    const grpc =
      grpcAddress && (await startOtlpGrpc({ ...receiving, address: grpcAddress, access: accessTo(grpcAddress) }));
    if (grpc !== undefined) closers.push(() => grpc.stop());
    const otlp = await startOtlpHttp({ ...receiving, address: httpAddress, access: accessTo(httpAddress) });
    closers.push(() => otlp.stop());
    otlpUrl = otlp.url;

    print(await startLine({ otlpUrl: otlp.url, apiUrl: api.url }, config, ledger));
    return { otlpUrl: otlp.url, grpcUrl: grpc?.url, apiUrl: api.url, reload, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Whether a scope that no token covers is for everybody. */
function isOpen({ listen: { insecure } }: Config, address: Address): boolean {
  return insecure || isLoopback(address);
}

/** @example 'OTLP :4318 · page http://localhost:9464 · ledger ./spanledger.db · 0 calls' */
async function startLine(
  { otlpUrl, apiUrl }: Pick<App, 'otlpUrl' | 'apiUrl'>,
  config: Config,
  ledger: Ledger,
): Promise<string> {
  const everything = { by: [], where: [], from: 0, to: Number.MAX_SAFE_INTEGER, timezone: 'UTC' };
  const calls = (await ledger.costs(everything)).reduce((sum, row) => sum + row.calls, 0);
  const page = apiUrl.replace('//127.0.0.1:', '//localhost:');
  const path = shownLedger(config.ledger).location;
  return `OTLP :${new URL(otlpUrl).port} · page ${page} · ledger ${path} · ${calls.toLocaleString('en-US')} calls`;
}

/** In reverse; one that fails does not keep the others open. */
async function closeAll(closers: readonly (() => Promise<void>)[], log: Logger): Promise<void> {
  for (const close of closers.toReversed()) {
    try {
      await close();
    } catch (error) {
      log.error({ err: error }, 'closing failed');
    }
  }
}
