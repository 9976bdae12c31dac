import type { Micros } from '../../../pricing/charge.ts';
import { readLabelMatcher, type LabelMatcher } from '../../matcher.ts';
import { YamlReader, type Mistake } from '../yaml.ts';

/** Alerts that match are not told until it ends. */
export interface Silence {
  readonly matchers: readonly LabelMatcher[];
  readonly startUs: Micros;
  readonly endUs: Micros;
  /** Who said so, and why. */
  readonly author: string;
  readonly comment: string;
}

export type LoadedSilences =
  | { readonly status: 'valid'; readonly silences: readonly Silence[] }
  | { readonly status: 'invalid'; readonly path: string; readonly mistakes: readonly Mistake[] };

const file = { keys: ['silences'], required: ['silences'] };
const silence = {
  keys: ['matchers', 'starts_at', 'ends_at', 'created_by', 'comment'],
  required: ['matchers', 'ends_at', 'created_by'],
};

/**
 * Reads a file of silences, or every mistake in it.
 *
 * @example loadSilences('silences.yaml', `silences: [{ matchers: ['customer_id="acme"'], ends_at: 2026-12-01T00:00:00Z, created_by: kim }]`)
 */
export function loadSilences(path: string, text: string): LoadedSilences {
  const yaml = new YamlReader(text);
  const fields = yaml.readable ? yaml.fields(yaml.root, file) : undefined;
  const list = fields?.get('silences');
  const silences = ((list && yaml.items(list)) ?? []).flatMap((place) => {
    const each = yaml.fields(place, silence);
    if (each === undefined) return [];
    const [matchersAt, startAt, endAt] = [each.get('matchers'), each.get('starts_at'), each.get('ends_at')];
    const items = (matchersAt && yaml.items(matchersAt)) ?? [];
    if (matchersAt && items.length === 0) yaml.wrong(matchersAt, 'is empty; it would silence everything');
    const matchers = items.flatMap((at) => yaml.value(at, readLabelMatcher) ?? []);
    const startUs = startAt === undefined ? 0 : yaml.value(startAt, readInstant);
    const endUs = endAt && yaml.value(endAt, readInstant);
    const text = (key: string): string => {
      const at = each.get(key);
      return (at && yaml.text(at)) ?? '';
    };
    if (startUs !== undefined && endUs !== undefined && endAt && endUs <= startUs)
      yaml.wrong(endAt, 'is not after starts_at; it would never hold');
    if (startUs === undefined || endUs === undefined) return [];
    return [{ matchers, startUs, endUs, author: text('created_by'), comment: text('comment') }];
  });
  const { mistakes } = yaml;
  return mistakes.length > 0 ? { status: 'invalid', path, mistakes } : { status: 'valid', silences };
}

function readInstant(text: string): Micros {
  const ms = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[-+]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(ms)) throw new RangeError(`"${text}" is not an instant such as 2026-12-01T00:00:00Z`);
  return ms * 1000;
}
