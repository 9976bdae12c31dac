import { formatUsd, parseUsd } from '../../pricing/money.ts';
import { allow, type Decision } from './decision.ts';
import type { Used } from './reservation.ts';
import { costOf, tokensOf } from './worst-case.ts';

/** What all calls of one trace, session or task may use together. */
export interface Ceiling {
  readonly calls?: number;
  readonly tokens?: bigint;
  /** Femto-USD; holds as far as rates are known. */
  readonly usd?: bigint;
}

export const ceilingKinds = ['trace', 'session', 'task'] as const;
export type CeilingKind = (typeof ceilingKinds)[number];
export type CeilingSettings = Readonly<Partial<Record<CeilingKind, Ceiling>>>;

/** The ids of a call; undefined where it has none. */
export type CeilingIds = Readonly<Partial<Record<CeilingKind, string | undefined>>>;

interface Spent {
  calls: number;
  tokens: bigint;
  usd: bigint;
}

/** Ids that are remembered; the ones that came first are forgotten first. */
const MOST = 10_000;

/**
 * Reads `50 calls, 200000 tokens, 1.50 USD`: any of the three. Throws a RangeError that says how to write it.
 *
 * @example readCeiling('50 calls, 1.50 USD') // { calls: 50, usd: 1_500_000_000_000_000n }
 */
export function readCeiling(text: string): Ceiling {
  const ceiling: { calls?: number; tokens?: bigint; usd?: bigint } = {};
  for (const part of text.split(',')) {
    const [, figure = '', unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*(calls?|tokens?|usd)\s*$/i.exec(part) ?? [];
    const whole = /^\d{1,15}$/.test(figure);
    if (/^usd$/i.test(unit)) ceiling.usd = parseUsd(figure);
    else if (/^call/i.test(unit) && whole) ceiling.calls = Number(figure);
    else if (/^token/i.test(unit) && whole) ceiling.tokens = BigInt(figure);
    else throw new RangeError(`"${part.trim().slice(0, 40)}" is no ceiling; write 50 calls, 200000 tokens, 1.50 USD`);
  }
  return ceiling;
}

/** Ceilings of this process: no server is asked, and none is needed. */
export class Ceilings {
  readonly #settings: readonly (readonly [CeilingKind, Ceiling])[];
  readonly #spent = new Map<string, Spent>();

  constructor(settings: CeilingSettings) {
    this.#settings = ceilingKinds.flatMap((kind) => {
      const ceiling = settings[kind];
      return ceiling === undefined ? [] : [[kind, ceiling] as const];
    });
  }

  get any(): boolean {
    return this.#settings.length > 0;
  }

  /** What refuses a call; undefined where nothing does. */
  check(ids: CeilingIds, model: string): Decision | undefined {
    for (const [kind, { calls, tokens, usd }] of this.#settings) {
      const spent = this.#find(kind, ids);
      if (spent === undefined) continue;
      const over = (what: string, limit: string, unit: string): Decision => ({
        ...allow({ model }, { source: 'none', ageMs: undefined }),
        action: 'cap',
        reason: 'ceiling',
        budget: `ceiling:${kind}`,
        spent: what,
        limit,
        unit,
        message: `this ${kind} has used ${what} of ${limit} ${unit}`,
      });
      if (calls !== undefined && spent.calls >= calls) return over(String(spent.calls), String(calls), 'calls');
      if (tokens !== undefined && spent.tokens >= tokens) return over(String(spent.tokens), String(tokens), 'tokens');
      if (usd !== undefined && spent.usd >= usd) return over(formatUsd(spent.usd), formatUsd(usd), 'USD');
    }
    return undefined;
  }

  /** A call begins. */
  began(ids: CeilingIds): void {
    for (const [kind] of this.#settings) {
      const id = ids[kind];
      if (id === undefined || id === '') continue;
      const key = `${kind} ${id}`;
      const spent = this.#spent.get(key) ?? { calls: 0, tokens: 0n, usd: 0n };
      // What is used last is forgotten last.
      this.#spent.delete(key);
      this.#spent.set(key, spent);
      spent.calls++;
      if (this.#spent.size > MOST) for (const oldest of this.#spent.keys()) return void this.#spent.delete(oldest);
    }
  }

  /** A call is over. */
  ended(ids: CeilingIds, { counts, rates }: Used): void {
    if (this.#settings.length === 0) return;
    const tokens = tokensOf(counts);
    // Without a price nothing is known to be spent.
    const usd = rates?.priced === true ? costOf(counts, rates) : 0n;
    for (const [kind] of this.#settings) {
      const spent = this.#find(kind, ids);
      if (spent === undefined) continue;
      spent.tokens += BigInt(tokens);
      spent.usd += usd;
    }
  }

  #find(kind: CeilingKind, ids: CeilingIds): Spent | undefined {
    const id = ids[kind];
    return id === undefined ? undefined : this.#spent.get(`${kind} ${id}`);
  }
}
