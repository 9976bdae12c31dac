import { isUnit, units } from '../../pricing/usage/units.ts';
import { inputTokens, outputTokens, type Counts } from '../../pricing/usage/usage.ts';
import type { Rates, RuleState } from './wire.ts';

/** What a call may use at most. */
export interface Size {
  readonly input: number;
  readonly output: number;
}

/** For a model that nobody has asked yet without saying how much it may answer. */
const SUPPOSED_OUTPUT = 4096;
const MOST_MODELS = 1000;

/** What models answered at most, for calls that set no limit. */
export class Longest {
  readonly #outputs = new Map<string, number>();

  /** @example longest.output('gpt-4o') // 4096, until it is known better */
  output(model: string): number {
    return this.#outputs.get(model) ?? SUPPOSED_OUTPUT;
  }

  /** Falls slowly, so that one long answer is not reserved for ever. */
  saw(model: string, output: number): void {
    const known = this.#outputs.get(model);
    if (known === undefined && this.#outputs.size >= MOST_MODELS) return;
    this.#outputs.set(model, Math.max(output, Math.ceil((known ?? SUPPOSED_OUTPUT) * 0.99)));
  }
}

/** Femto-USD at most; undefined where the rates are not known. */
export function worstCost({ input, output }: Size, rates: Rates | undefined): bigint | undefined {
  if (rates === undefined) return undefined;
  const [inputRate = 0n, outputRate = 0n] = [rates.units.get('input'), rates.units.get('output')];
  return BigInt(input) * inputRate + BigInt(output) * outputRate + (rates.units.get('request') ?? 0n);
}

/** Whether a budget in USD counts calls of this model: without a price they cost nothing that is known. */
export function isCounted(unpriced: RuleState['unpriced'], { priced }: Rates): boolean {
  return priced || unpriced === 'worst-case';
}

/** Femto-USD of what a call used; a count without a rate of its own is taken at that of its direction. */
export function costOf(counts: Counts, rates: Rates | undefined): bigint {
  if (rates === undefined) return 0n;
  let cost = counts.request === undefined ? (rates.units.get('request') ?? 0n) : 0n;
  for (const [unit, count] of Object.entries(counts)) {
    if (!isUnit(unit) || !Number.isSafeInteger(count) || count <= 0) continue;
    const kind = units[unit];
    const rate = rates.units.get(unit) ?? (kind.kind === 'token' ? rates.units.get(kind.direction) : undefined);
    cost += BigInt(count) * (rate ?? 0n);
  }
  return cost;
}

export function tokensOf(counts: Counts): number {
  return inputTokens(counts) + outputTokens(counts);
}
