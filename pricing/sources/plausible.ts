/**
 * Slips of units in a list: a price for a thousand tokens in the field of a price for one, a price for a step of a picture
 * among the token prices. Nobody sells at such rates: the model stays unpriced rather than charged a thousand times too much.
 */
import { units, type Unit } from '../usage/units.ts';
import type { ModelBlock, ProviderFile } from './provider-file.ts';

interface Bounds {
  readonly least: number;
  readonly most: number;
}

/** USD per million: the dearest that anybody asks is 600 (o1-pro), the cheapest 0.002 (cached input). */
const tokens: Bounds = { least: 0.0011, most: 1000 };
/** USD for one: from 0.000004 (Polly's standard voices) to 0.00018 (ElevenLabs). */
const characters: Bounds = { least: 0.000001, most: 0.001 };

/**
 * What is beyond belief in a model's cards; undefined where nothing is. A rate of 0 is free.
 *
 * @example implausible({ cards: [{ rates: { input: '135000' } }] }) // 'input at 135000'
 */
export function implausible({ cards }: Pick<ModelBlock, 'cards'>): string | undefined {
  for (const { rates } of cards)
    for (const [unit, rate] of Object.entries(rates)) {
      const bounds = boundsOf(unit as Unit);
      const usd = Number(rate);
      if (bounds !== undefined && usd !== 0 && (usd < bounds.least || usd > bounds.most)) return `${unit} at ${rate}`;
    }
  return undefined;
}

function boundsOf(unit: Unit): Bounds | undefined {
  if (unit === 'character') return characters;
  return units[unit].kind === 'token' ? tokens : undefined;
}

/** Takes such models out of `files`, in place, and gives one line for each. */
export function dropImplausible(files: Iterable<ProviderFile>): string[] {
  const dropped: string[] = [];
  for (const file of files)
    file.models = file.models.filter((block) => {
      const what = implausible(block);
      if (what !== undefined) dropped.push(`${file.provider}/${block.model}: ${what} is a slip of units`);
      return what === undefined;
    });
  return dropped;
}
