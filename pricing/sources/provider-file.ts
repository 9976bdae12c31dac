/** A provider's catalog file as it is written: what importers make, and what `catalog-file.ts` reads. */
import type { ServiceTier } from '../usage/tier.ts';
import type { Unit } from '../usage/units.ts';

export interface ProviderFile {
  provider: string;
  name: string;
  checked: string;
  sources: string[];
  claims: string[];
  resells: string[];
  inherits: Partial<Record<Unit, Unit>>;
  models: ModelBlock[];
}

export interface ModelBlock {
  model: string;
  match: string[];
  context_window?: number;
  note?: string;
  uplifts?: Readonly<Record<string, string>>;
  agree?: string[];
  cards: CardLine[];
}

export interface CardLine {
  from?: string;
  until?: string;
  tier?: ServiceTier;
  region?: string;
  above_input_tokens?: number;
  schedule?: { name: string; zone: string; days: string[]; windows: [string, string][]; except?: string[] };
  rates: Partial<Record<Unit, string>>;
  source?: string;
  checked?: string;
  note?: string;
}

/**
 * One model a block, one card a line: a change of price is a change of one line in a review. Ends with a newline.
 *
 * @example formatProviderFile({ provider: 'acme', models: [], … }) // '{\n  "provider": "acme",\n…'
 */
export function formatProviderFile({ models, ...head }: ProviderFile): string {
  const lines = Object.entries(head).map(([key, value]) => `  ${JSON.stringify(key)}: ${spaced(value)},`);
  const blocks = models.map((model) => `    ${formatModel(model)}`);
  return `{\n${lines.join('\n')}\n  "models": [\n${blocks.join(',\n')}\n  ]\n}\n`;
}

function formatModel({ cards, ...head }: ModelBlock): string {
  const lines = Object.entries(head).map(([key, value]) => `      ${JSON.stringify(key)}: ${spaced(value)},`);
  return `{\n${lines.join('\n')}\n      "cards": [\n${cards.map((card) => `        ${spaced(card)}`).join(',\n')}\n      ]\n    }`;
}

/** JSON on one line with room to read: `{ "input": "2.5" }`. */
function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  if (members.length === 0) return '{}';
  return `{ ${members.map(([key, member]) => `${JSON.stringify(key)}: ${spaced(member)}`).join(', ')} }`;
}
