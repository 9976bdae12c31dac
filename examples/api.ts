/** The few questions that the demo asks of the processor's API. */

export interface Totals {
  readonly calls: number;
  /** Exact; null where no call has a price. */
  readonly cost_usd: string | null;
  readonly unpriced_calls: number;
}

export interface Costs {
  readonly rows: readonly (Totals & { readonly feature?: string; readonly customer_id?: string })[];
  readonly total: Totals;
}

export interface LedgerEntry {
  readonly model: string;
  readonly feature: string;
  readonly usage_state: string;
  readonly usage: Readonly<Record<string, number>>;
  readonly attempts: number;
  readonly charge: { readonly status: string; readonly amount_usd?: string; readonly reason?: string };
}

export interface Status {
  readonly received: { readonly spans: number; readonly calls: number; readonly duplicates: number };
}

export interface ProcessorApi {
  costs(query: Readonly<Record<string, string>>): Promise<Costs>;
  entries(query: Readonly<Record<string, string>>): Promise<readonly LedgerEntry[]>;
  status(): Promise<Status>;
}

/** Throws on any answer but 200, with what the processor said. */
export function processorApi(url: string): ProcessorApi {
  const get = async (path: string, query: Readonly<Record<string, string>> = {}): Promise<unknown> => {
    const answer = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(query).toString()}`);
    if (!answer.ok) throw new Error(`/api/v1/${path} answered ${answer.status}: ${await answer.text()}`);
    return answer.json();
  };
  return {
    costs: async (query) => (await get('costs', query)) as Costs,
    entries: async (query) => ((await get('entries', query)) as { entries: readonly LedgerEntry[] }).entries,
    status: async () => (await get('status')) as Status,
  };
}
