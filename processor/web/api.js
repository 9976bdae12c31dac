/** The processor's HTTP API as the page uses it. Amounts are exact decimal strings in USD, instants are ISO 8601. */

/** @typedef {{ calls: number, cost_usd: string | null, unpriced_calls: number, input_tokens: number, output_tokens: number }} Sums */
/** @typedef {Sums & { other?: boolean, bucket?: string, [dimension: string]: unknown }} CostRow */
/** @typedef {{ previous?: Sums, change_usd?: string | null, growth?: number | null }} Compared */
/** @typedef {{ from: string, to: string, rows: (CostRow & Compared)[], total: Sums & Compared }} Costs */
/**
 * @typedef {{
 *   from: string, to: string, total: Sums, untagged: { customer_id: number, feature: number },
 *   features: CostRow[], models: CostRow[], customers: CostRow[], plans: (CostRow & { customers: number })[],
 *   buckets: CostRow[],
 *   growth: Costs & { previous: { from: string, to: string } }
 * }} Overview
 */
/** @typedef {{ provider: string, model: string, price_id: string, context_window: number, cost_usd: string, saving_usd: string, lines: Line[] }} Candidate */
/** @typedef {{ feature: string, provider: string, model: string, calls: number, cost_usd: string, largest_tokens: number | null, candidates: Candidate[] }} Use */
/** @typedef {{ looked_at: number, rows: Use[] }} Candidates */
/**
 * @typedef {{
 *   values: number, cost_usd: string, average_usd: string | null, for_80_percent: number | null,
 *   top_twentieth: { values: number, cost_usd: string, share: number | null },
 *   ten_times_average: { value: string, cost_usd: string, times: number }[], without: { calls: number, cost_usd: string }
 * }} Concentration
 */
/** @typedef {{ calls: number, cost_usd: string | null, unpriced_calls: number }} Few */
/** @typedef {Record<string, number>} Counts */
/**
 * @typedef {{
 *   total: Few, untagged: (Few & { tag: string })[], by_service: (Few & { service: string, untagged: (Few & { tag: string })[] })[],
 *   unpriced: { provider: string, model: string, calls: number, input_tokens: number, output_tokens: number }[],
 *   impossible_times: { before: Few & { to: string }, after: Few & { from: string } },
 *   looked_at: {
 *     calls: number, usage_state: Counts, usage_basis: Counts, unpriced_reason: Counts, price_source: Counts, dialect: Counts,
 *     renamed: { provider: string, model: string, sent_provider: string, sent_model: string, calls: number }[]
 *   },
 *   prices: { version: string, checked: string, age_days: number, stale: boolean, held: number },
 *   since_start: {
 *     at: string, calls: number, duplicates: number, unpriced: Counts, not_reported: Counts, untagged: Counts, nested: number,
 *     aggregates: number, settled_aggregates: Counts, open_calls: Counts, unreadable_spans: number, refused_requests: Counts
 *   }
 * }} Quality
 */
/** @typedef {{ unit: string, quantity: number, rate_usd: string, rate_usd_per_million: string, amount_usd: string }} Line */
/** @typedef {Line & { provider: string, model: string, card_provider: string, price_id: string, price_version: string, source: string, calls: number }} DerivationLine */
/** @typedef {{ provider: string, model: string, reason: string, calls: number, input_tokens: number, output_tokens: number }} UnpricedLine */
/** @typedef {{ lines: DerivationLine[], unpriced: UnpricedLine[], total_usd: string }} Derivation */
/** @typedef {{ status: 'priced', amount_usd: string, lines: Line[], price_id: string, price_version: string, source: string, provider: string, model: string }} Priced */
/** @typedef {{ status: 'unpriced', reason: string, detail: string }} Unpriced */
/**
 * @typedef {{
 *   trace_id: string, span_id: string, rev: number, start: string, sent_provider: string, sent_model: string, region: string, duration_ms: number, operation: string, dialect: string,
 *   customer_id: string, feature: string, route: string, task_type: string, team: string, plan: string, environment: string,
 *   workspace_id: string, service: string, provider: string, model: string, tier: string, status: string,
 *   usage_state: string, usage_basis: string, usage: Record<string, number>, task_id: string, user_id: string,
 *   session_id: string, response_id: string, attempts: number, fallback_from: string, error: string,
 *   tags: Record<string, string>, charge: Priced | Unpriced
 * }} Entry
 */
/** @typedef {{ entries: Entry[], next: string | null }} Entries */
/** @typedef {{ at: number | null, level: string, basis: string, severity: string, fired_at: string | null }} Threshold */
/**
 * @typedef {{
 *   budget: string, labels: Record<string, string>, period: { kind: string, start: string, end: string },
 *   unit: 'USD' | 'tokens' | 'requests', amount: string | null, spent: string,
 *   amount_usd: string | null, spent_usd: string | null, ratio: number | null, state: string, thresholds: Threshold[], unpriced_calls: number,
 *   forecast: { expected: string, low: string, high: string, ratio: number | null, method: string } | null,
 *   where: string
 * }} Budget
 */
/**
 * @typedef {{
 *   version: string, ledger: { kind: string, location: string, first: string | null },
 *   prices: { version: string, checked: string, age_days: number, models: number, held: number },
 *   received: { spans: number, calls: number, duplicates: number, other_spans: number, scopes: { scope: string, spans: number }[] },
 *   held_back: { aggregates: Counts & { waiting: number }, open_calls: Counts & { waiting: number }, nested: number },
 *   forward: { endpoint: string, failed_spans: number } | null, now: string, otlp_url?: string
 * }} Status
 */

/** The address of something on the API, relative to the page, so that it works under any path of a reverse proxy.
 * @param {string} path
 * @param {Record<string, string | number | undefined>} [query]
 */
export function address(path, query = {}) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== '') search.set(name, String(value));
  const text = search.toString();
  return `api/v1/${path}${text === '' ? '' : `?${text}`}`;
}

/** The token that the processor asks for where it is not alone on its machine; for as long as the tab is open. */
const TOKEN = 'spanledger-token';

/** @param {string} token */
export function useToken(token) {
  sessionStorage.setItem(TOKEN, token);
}

export function hasToken() {
  return sessionStorage.getItem(TOKEN) !== null;
}

/** The API wants a token, or another one. */
export class TokenNeeded extends Error {}

/**
 * @template T
 * @param {string} url from `address`
 * @param {AbortSignal} [signal]
 * @returns {Promise<T>}
 * @throws {Error} whose message can be shown: what the API said of it, or that it can't be reached
 */
export async function get(url, signal) {
  const response = await ask(url, signal);
  /** @type {unknown} */
  const body = await response.json().catch(() => undefined);
  if (response.ok && body !== undefined) return /** @type {T} */ (body);
  const problem = /** @type {{ detail?: unknown, title?: unknown } | undefined} */ (body);
  const text = String(problem?.detail ?? problem?.title ?? `the processor answered ${response.status}`);
  throw response.status === 401 || response.status === 403 ? new TokenNeeded(text) : new Error(text);
}

/**
 * Saves what a link leads to. A link can't send the token.
 * @param {string} url
 */
export async function save(url) {
  const response = await ask(url);
  if (!response.ok) throw new Error(`the processor answered ${response.status}`);
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await response.blob());
  link.download = 'costs.csv';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/**
 * @param {string} url
 * @param {AbortSignal} [signal]
 */
async function ask(url, signal) {
  const token = sessionStorage.getItem(TOKEN);
  const headers = { accept: '*/*', ...(token === null ? {} : { authorization: `Bearer ${token}` }) };
  try {
    return await fetch(url, { headers, signal: signal ?? null });
  } catch (error) {
    throw signal?.aborted === true ? error : new Error('the processor can’t be reached', { cause: error });
  }
}
