/** Reads one provider's file of the catalog, strictly: every mistake at once, with line and column. */
import { weekdays, type Day, type Model, type Provider, type RateCard, type Schedule } from './catalog.ts';
import { positionOf, type JsonPath } from './json-position.ts';
import { child, count, day, instant, items, members, open, pathOf, pattern, text, type Node } from './strict-reader.ts';
import { parseUsd, type FemtoUsd } from './money.ts';
import { serviceTiers } from './usage/tier.ts';
import { isUnit, units, type Unit } from './usage/units.ts';

/** What is wrong with a catalog; one line a mistake, each `file:line:column: what`. */
export class CatalogError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'CatalogError';
    this.problems = problems;
  }
}

/** Throws a CatalogError that lists every mistake. @example readProviderFile('openai.json', text).models.length */
export function readProviderFile(file: string, text: string): Provider {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new CatalogError([`${file}: ${error instanceof Error ? error.message : String(error)}`]);
  }
  const found: { path: JsonPath; what: string }[] = [];
  const provider = readProvider({
    value: json,
    above: undefined,
    key: '',
    report: (node, what) => found.push({ path: pathOf(node), what }),
  });
  if (found.length === 0) return provider;
  throw new CatalogError(
    found.map(({ path, what }) => {
      const { line, column } = positionOf(text, path);
      return `${file}:${line}:${column}: ${path.join('.')}: ${what}`;
    }),
  );
}

function readProvider(node: Node): Provider {
  const fields = open(node, ['provider', 'name', 'sources', 'checked', 'claims', 'resells', 'inherits', 'models']);
  const inherits: Partial<Record<Unit, Unit>> = {};
  for (const [unit, from] of members(fields('inherits'))) {
    const target = text(from);
    if (!isUnit(unit)) from.report(from, `"${unit}" is not a unit`);
    else if (!isUnit(target)) from.report(from, `"${target}" is not a unit`);
    else inherits[unit] = target;
  }
  const models = items(fields('models')).map(readModel);
  reportDoubles(node, models);
  return {
    provider: text(fields('provider')),
    name: text(fields('name')),
    sources: items(fields('sources')).map(text),
    checked: day(fields('checked')),
    claims: items(fields('claims')).map(pattern),
    resells: items(fields('resells')).map(text),
    inherits,
    models,
  };
}

function readModel(node: Node): Model {
  const fields = open(node, ['model', 'match', 'context_window', 'note', 'agree', 'uplifts', 'cards']);
  const window = fields('context_window');
  const note = fields('note');
  const cards = items(fields('cards')).map(readCard);
  const model = text(fields('model'));
  if (cards.length === 0) node.report(node, `"${model}" has no cards`);
  reportOverlaps(node, cards);
  return {
    model,
    match: items(fields('match')).map(pattern),
    ...(window.value === undefined ? {} : { context_window: count(window) }),
    ...(note.value === undefined ? {} : { note: text(note) }),
    agree: items(fields('agree')).map(text),
    uplifts: readUplifts(fields('uplifts'), cards),
    cards,
  };
}

function readUplifts(node: Node, cards: readonly RateCard[]): Model['uplifts'] {
  const uplifts: Record<string, bigint> = {};
  for (const [region, field] of members(node)) {
    const match = /^([1-9])(?:\.(\d{1,3}))?$/.exec(text(field));
    const factor = match === null ? 0n : BigInt(`${match[1]}${(match[2] ?? '').padEnd(3, '0')}`);
    if (factor === 0n) field.report(field, 'a factor is a decimal from 1 to 9.999 such as "1.1"');
    for (const { rates } of cards)
      for (const [unit, rate] of Object.entries(rates))
        if ((rate * factor) % 1000n !== 0n) field.report(field, `${unit} times this needs more than 15 decimals`);
    uplifts[region] = factor;
  }
  return uplifts;
}

function readCard(node: Node): RateCard {
  const fields = open(node, [
    'from',
    'until',
    'tier',
    'region',
    'above_input_tokens',
    'schedule',
    'rates',
    'source',
    'checked',
    'note',
  ]);
  const optional = <K extends string, T>(key: K, name: string, read: (node: Node) => T): Partial<Record<K, T>> => {
    const field = fields(name);
    return field.value === undefined ? {} : ({ [key]: read(field) } as Record<K, T>);
  };
  const tier = fields('tier');
  const card: RateCard = {
    tier: serviceTiers.find((name) => name === (tier.value ?? 'standard')) ?? 'standard',
    ...optional('from', 'from', instant),
    ...optional('until', 'until', instant),
    ...optional('region', 'region', text),
    ...optional('aboveInputTokens', 'above_input_tokens', count),
    ...optional('schedule', 'schedule', readSchedule),
    rates: readRates(fields('rates')),
    ...optional('source', 'source', text),
    ...optional('checked', 'checked', day),
    ...optional('note', 'note', text),
  };
  if (tier.value !== undefined && card.tier !== tier.value)
    tier.report(tier, `${JSON.stringify(tier.value)} is not one of ${serviceTiers.join(', ')}`);
  if (card.from !== undefined && card.until !== undefined && card.from >= card.until)
    node.report(node, 'ends before it begins');
  return card;
}

function readRates(node: Node): RateCard['rates'] {
  const rates: Partial<Record<Unit, FemtoUsd>> = {};
  for (const [unit, field] of members(node)) {
    if (!isUnit(unit)) {
      field.report(field, `"${unit}" is not a unit`);
      continue;
    }
    const quoted = text(field);
    if (quoted === '') continue;
    try {
      rates[unit] = readRate(unit, quoted);
    } catch (error) {
      field.report(field, error instanceof Error ? error.message : String(error));
    }
  }
  if (members(node).length === 0) node.report(node, 'a card needs at least one rate');
  return rates;
}

/**
 * A rate as quoted (tokens per million, everything else per one) in USD for one unit. Throws a RangeError where it is
 * negative or can't be written exactly.
 *
 * @example readRate('input', '2.5') // 2_500_000_000n
 */
export function readRate(unit: Unit, quoted: string): FemtoUsd {
  const amount = parseUsd(quoted);
  if (amount < 0n) throw new RangeError(`"${quoted}" is negative`);
  if (units[unit].kind !== 'token') return amount;
  if (amount % 1_000_000n !== 0n) throw new RangeError(`"${quoted}" per million has more than 9 decimals`);
  return amount / 1_000_000n;
}

function readSchedule(node: Node): Schedule {
  const fields = open(node, ['name', 'zone', 'days', 'windows', 'except']);
  const zone = text(fields('zone'));
  if (!isZone(zone)) fields('zone').report(fields('zone'), `"${zone}" is not a time zone`);
  return {
    name: text(fields('name')),
    zone,
    days: items(fields('days')).map((field): Day => {
      const found = weekdays.find((name) => name === field.value);
      if (found === undefined) field.report(field, `not one of ${weekdays.join(', ')}`);
      return found ?? 'sun';
    }),
    except: items(fields('except')).map(day),
    windows: items(fields('windows')).map((field): readonly [number, number] => {
      const [from = NaN, until = NaN] = items(field).map(minuteOfDay);
      if (!(from < until)) field.report(field, 'a window is ["from", "until"], both HH:MM, within one day');
      return [from, until];
    }),
  };
}

function minuteOfDay(node: Node): number {
  const match = /^(\d\d):(\d\d)$/.exec(text(node));
  const minutes = match === null ? NaN : Number(match[1]) * 60 + Number(match[2]);
  return minutes <= 1440 ? minutes : NaN;
}

/** Two cards that apply at once would be a coin toss between two prices. */
function reportOverlaps(node: Node, cards: readonly RateCard[]): void {
  if (cards.length < 2) return;
  const last = new Map<string, RateCard>();
  const dated = cards.map((card, index) => ({ card, index }));
  for (const { card, index } of dated.toSorted((a, b) => (a.card.from ?? -Infinity) - (b.card.from ?? -Infinity))) {
    const key = JSON.stringify([card.tier, card.region, card.aboveInputTokens, card.schedule?.name]);
    const before = last.get(key);
    if (before !== undefined && (before.until ?? Infinity) > (card.from ?? -Infinity))
      node.report(
        child(child(node, 'cards', undefined), index, undefined),
        'overlaps another card of the same tier, region and threshold',
      );
    last.set(key, card);
  }
}

function reportDoubles(node: Node, models: readonly Model[]): void {
  const owner = new Map<string, string>();
  for (const [index, { model, match }] of models.entries())
    for (const name of new Set([model, ...match].map((name) => name.toLowerCase()))) {
      const other = owner.get(name);
      if (other !== undefined)
        node.report(child(child(node, 'models', undefined), index, undefined), `"${name}" is a name of "${other}" too`);
      owner.set(name, model);
    }
}

function isZone(zone: string): boolean {
  if (zone === 'UTC') return true;
  try {
    return Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
