import express, { type RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { Micros } from '../pricing/charge.ts';
import type { Access } from './access.ts';
import { candidatesJson, type CandidateSources } from './api/candidates.ts';
import { concentrationJson } from './api/concentration.ts';
import { costsAnswer, costsCsv } from './api/costs.ts';
import { derivationJson } from './api/derivation.ts';
import { valuesJson } from './api/dimension-values.ts';
import { callJson, cursorOf, entryJson } from './api/entry-json.ts';
import { allEntries, sendLines } from './api/ndjson.ts';
import { openApi } from './api/openapi.ts';
import { operations } from './api/operations.ts';
import { overviewJson } from './api/overview.ts';
import {
  readCandidates,
  readConcentration,
  readCosts,
  readDerivation,
  readEntries,
  readNothing,
  readOverview,
  readQuality,
  readValues,
  type Clock,
} from './api/params.ts';
import { Problem, problemHandler } from './api/problem.ts';
import { qualityJson } from './api/quality.ts';
import { guardsOnly, leasesRoute } from './api/leases.ts';
import { stateRoute } from './api/state.ts';
import { statusJson, type StatusSources } from './api/status.ts';
import type { Leases } from './budgets/leases.ts';
import type { StateFeed } from './budgets/state-feed.ts';
import { SpanledgerError } from './errors.ts';
import { dimensionNames, type Ledger } from './ledger.ts';
import { collectMetrics, type MetricSources } from './metrics/collect.ts';
import { contentTypes, exposition } from './metrics/exposition.ts';
import { negotiate } from './metrics/negotiate.ts';
import type { SpendMetrics } from './metrics/spend.ts';
import { loopbackNamesOnly } from './same-host.ts';
import { webRouter } from './web.ts';

export interface ApiDeps extends StatusSources {
  readonly ledger: Ledger;
  readonly prices: StatusSources['prices'] & CandidateSources['prices'];
  readonly spend: Pick<SpendMetrics, 'points'>;
  /** Answered as they are; some of their figures are metrics. */
  readonly budgets: MetricSources['budgets'];
  /** What guards are told. */
  readonly feed: Pick<StateFeed, 'join' | 'room'>;
  readonly leases: Pick<Leases, 'ask'>;
  /** Who may read; `/healthz`, `/readyz` and the page's files are for everybody. */
  readonly access: Access;
  /** For a listener that is open to everybody on loopback: see same-host.ts. */
  readonly loopbackNamesOnly: boolean;
  /** Zone of buckets and days where a query names none. */
  readonly timezone: string;
  readonly log: Pick<Logger, 'error'>;
  /** Why spans can't be taken though the ledger can be written; undefined when they can. */
  readonly blocked?: (() => string | undefined) | undefined;
  /** The clock: what "30 days ago" means. */
  readonly now?: () => Micros;
}

/** A check writes to the disk: asked more often than this, the answer is the last one. */
const CHECK_MS = 1_000;

/**
 * Everything that the processor serves over HTTP besides OTLP: `/api/v1/*`, `/metrics`, `/healthz`, `/readyz` and the page.
 * Errors are problem details (RFC 9457) that name the parameter and what is allowed.
 *
 * @example express().use(apiRouter(deps)).listen(9464, '127.0.0.1');
 */
export function apiRouter(deps: ApiDeps): express.Router {
  const now = deps.now ?? ((): Micros => Date.now() * 1000);
  const router = express.Router();
  const mayRead = readersOnly(deps.access);
  if (deps.loopbackNamesOnly) router.use(loopbackNamesOnly);
  router.get('/healthz', (_, response) => {
    response.type('text').send('ok\n');
  });
  router.get('/readyz', readiness(deps));
  const started = now();
  router.get('/metrics', mayRead, async ({ headers, query }, response) => {
    const format = negotiate(headers.accept);
    const starts =
      query['created'] === 'true' ? { ledger: (await deps.ledger.firstUs()) ?? started, process: started } : undefined;
    response.set({ 'Content-Type': contentTypes[format], Vary: 'Accept' });
    response.send(exposition(collectMetrics(deps, now()), format, starts));
  });
  const mayGuard = guardsOnly(deps.access);
  router.get('/api/v1/budgets/state', mayGuard, stateRoute(deps.feed));
  router.post('/api/v1/budgets/leases', mayGuard, ...leasesRoute(deps.leases));
  router.use('/api/v1', mayRead, apiV1(deps, now, started));
  router.use(webRouter());
  router.use(problemHandler(deps.log));
  return router;
}

function apiV1(deps: ApiDeps, now: () => Micros, started: Micros): express.Router {
  const { ledger } = deps;
  const router = express.Router();
  const clock = (): Clock => ({ now: now(), timezone: deps.timezone });
  router.use((request, response, next) => {
    response.set({ 'Cache-Control': 'private, no-cache', 'X-Content-Type-Options': 'nosniff' });
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.set('Allow', 'GET, HEAD');
      throw new Problem(405, 'invalid_query', `${request.method} is not supported here; use GET`);
    }
    next();
  });
  router.get('/costs', async (request, response) => {
    const query = readCosts(request.query, clock());
    const answer = await costsAnswer(ledger, query);
    if (query.format === 'json') response.json(answer);
    else if (query.format === 'ndjson') await sendLines(response, lines(answer.rows));
    else response.attachment('costs.csv').type('text/csv; charset=utf-8').send(costsCsv(answer, query));
  });
  router.get('/derivation', async (request, response) => {
    response.json(derivationJson(await ledger.derive(readDerivation(request.query, clock()))));
  });
  router.get('/entries', async (request, response) => {
    const query = readEntries(request.query, clock());
    if (query.format === 'ndjson') {
      await sendLines(response, allEntries(ledger, query));
      return;
    }
    const found = await ledger.entries({ ...query, limit: query.limit + 1 });
    const page = found.slice(0, query.limit);
    const last = found.length > query.limit ? page.at(-1) : undefined;
    response.json({ entries: page.map(entryJson), next: last === undefined ? null : cursorOf(last) });
  });
  router.get('/entries/:trace/:span', async (request, response) => {
    readNothing(request.query);
    const [trace, span] = [request.params.trace.toLowerCase(), request.params.span.toLowerCase()];
    if (!/^[0-9a-f]{32}$/.test(trace) || !/^[0-9a-f]{16}$/.test(span))
      throw new Problem(400, 'invalid_query', 'a trace id has 32 hex digits, a span id 16');
    const revisions = await ledger.find(trace, span);
    if (revisions.length === 0)
      throw new Problem(404, 'not_found', `no call of trace ${trace}, span ${span} is in the ledger`);
    response.json(callJson(revisions));
  });
  router.get('/dimensions', (request, response) => {
    readNothing(request.query);
    response.json({ dimensions: dimensionNames });
  });
  router.get('/dimensions/:name', async (request, response) => {
    response.json(await valuesJson(ledger, readValues(request.params.name, request.query, clock())));
  });
  router.get('/openapi.json', (_, response) => {
    response.json(openApi(deps.version));
  });
  router.get('/budgets', (request, response) => {
    readNothing(request.query);
    response.json({ budgets: deps.budgets.states() });
  });
  router.get('/overview', async (request, response) => {
    response.json(await overviewJson(ledger, readOverview(request.query, clock())));
  });
  router.get('/candidates', async (request, response) => {
    response.json(await candidatesJson(deps, readCandidates(request.query, clock()), now()));
  });
  router.get('/concentration', async (request, response) => {
    response.json(await concentrationJson(ledger, readConcentration(request.query, clock())));
  });
  router.get('/quality', async (request, response) => {
    response.json(await qualityJson({ ...deps, started }, readQuality(request.query, clock()), now()));
  });
  router.get('/status', async (request, response) => {
    readNothing(request.query);
    response.json(await statusJson(deps, now()));
  });
  router.use((request) => {
    const known = [...operations.map(({ path }) => path), 'openapi.json'];
    throw new Problem(404, 'not_found', `there is no ${request.originalUrl}; under /api/v1/ are ${known.join(', ')}`);
  });
  return router;
}

async function* lines(rows: readonly object[]): AsyncGenerator<object> {
  yield* rows;
}

function readersOnly(access: Access): RequestHandler {
  return (request, response, next) => {
    if (!access.allows(request.headers.authorization, 'read')) {
      response.set('WWW-Authenticate', 'Bearer realm="spanledger"');
      throw new Problem(401, 'unauthorized', 'send "Authorization: Bearer TOKEN" with a token of the scope "read"');
    }
    next();
  };
}

function readiness({ ledger, blocked = () => undefined }: Pick<ApiDeps, 'ledger' | 'blocked'>): RequestHandler {
  let last: { readonly at: number; readonly result: Promise<void> } | undefined;
  return async (_, response) => {
    const at = performance.now();
    if (last === undefined || at - last.at > CHECK_MS) last = { at, result: ledger.check() };
    await last.result;
    const why = blocked();
    if (why !== undefined) throw new SpanledgerError('spool_full', why);
    response.type('text').send('ready\n');
  };
}
