import type { Call } from './call.ts';
import { basisRow } from './dialects/input-basis.ts';
import type { CallReader } from './dialects/index.ts';
import type { AttributeMap, AttributeValue, Span } from './otlp/index.ts';

/** Where one figure of a call comes from. */
export interface Evidence {
  /** `model`, `provider`, `tier`, `response_id`, `reported_cost`, or a unit of usage. */
  readonly figure: string;
  /** Attributes that it is made of, as it stands. */
  readonly from: readonly string[];
  /** What would be taken if those were not there, in this order. */
  readonly otherwise: readonly string[];
}

/** How many layers of attributes that say the same are looked through. */
const MAX_LAYERS = 4;

/**
 * Which attributes decide each figure. Asked of the reader itself, by reading the span again with one attribute changed at a
 * time, so that what is said holds for every dialect and can't differ from what is done.
 *
 * @example evidenceOf(span, readCall)[0] // { figure: 'model', from: ['gen_ai.response.model'], otherwise: ['gen_ai.request.model'] }
 */
export function evidenceOf(span: Span, read: CallReader): readonly Evidence[] {
  const call = read(span);
  if (call === undefined) return [];
  return [...figuresOf(call).keys()].map((figure) => {
    const from = deciding(span, read, figure);
    const otherwise: string[] = [];
    let left = without(span.attributes, from);
    for (let layer = 0, taken = from; layer < MAX_LAYERS && taken.length > 0; layer++) {
      const rest = { ...span, attributes: left };
      if (read(rest)?.dialect !== call.dialect) break;
      taken = deciding(rest, read, figure);
      otherwise.push(...taken);
      left = without(left, taken);
    }
    return { figure, from, otherwise };
  });
}

/** Why input is taken to include the cache or not, in a sentence; undefined where it makes no difference. */
export function basisEvidence({ scope }: Span, { usage, provider }: Call): string | undefined {
  if (usage.status !== 'known' || !Object.keys(usage.counts).some((unit) => unit.startsWith('cache_')))
    return undefined;
  if (usage.basis === 'assumed')
    return 'nothing is known of this emitter: input includes the cache, as the convention says';
  const row = basisRow(scope, provider);
  return row === undefined ? 'by its dialect, or by its own sums' : `${row.input}: ${row.evidence}`;
}

function deciding(span: Span, read: CallReader, figure: string): string[] {
  const before = read(span);
  if (before === undefined) return [];
  const value = figuresOf(before).get(figure);
  if (value === undefined) return [];
  return [...span.attributes.keys()].filter((key) => {
    return variantsOf(span.attributes, key).some((attributes) => {
      const after = read({ ...span, attributes });
      // Else it decides what kind of span this is, not this figure.
      return after?.dialect === before.dialect && figuresOf(after).get(figure) !== value;
    });
  });
}

function figuresOf(call: Call): ReadonlyMap<string, string> {
  const { model, provider, tier, responseId, reportedCost, usage } = call;
  const figures = Object.entries({ model, provider, tier, response_id: responseId, reported_cost: reportedCost });
  const counts = usage.status === 'known' ? Object.entries(usage.counts) : [];
  return new Map(
    [...figures, ...counts].flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
}

/** The attributes with one of them changed, in every way that is worth a try. */
function variantsOf(attributes: AttributeMap, key: string): AttributeMap[] {
  const value = attributes.get(key) ?? null;
  const gone = without(attributes, [key]);
  const others = typeof value === 'string' && /^\s*[[{]/.test(value) ? textVariants(value) : [otherThan(value)];
  const changed = others.flatMap((other) => (other === undefined ? [] : [new Map([...attributes, [key, other]])]));
  return changed.length === 0 || others.length > 1 ? [gone, ...changed] : changed;
}

function otherThan(value: AttributeValue): AttributeValue | undefined {
  if (typeof value === 'number') return value + 1;
  if (typeof value !== 'string') return undefined;
  return /^\d+$/.test(value) ? String(Number(value) + 1) : `${value}~`;
}

/** JSON holds a block of counts, mostly, of which one is the total: each is made one more, and each two. */
const MAX_COUNTS = 12;

function textVariants(text: string): string[] {
  const places = [...text.matchAll(/:\s*(\d{1,15})(?=\s*[,}\]])/g)].slice(0, MAX_COUNTS);
  return places.flatMap((_, first) =>
    places.slice(first).map((__, offset) => raised(text, new Set([first, first + offset]))),
  );
}

/** The text with the counts at some places one more. */
function raised(text: string, which: ReadonlySet<number>): string {
  let place = 0;
  return text.replace(/(:\s*)(\d{1,15})(?=\s*[,}\]])/g, (whole, before: string, count: string) =>
    which.has(place++) ? `${before}${Number(count) + 1}` : whole,
  );
}

function without(attributes: AttributeMap, keys: readonly string[]): AttributeMap {
  return new Map([...attributes].filter(([key]) => !keys.includes(key)));
}
