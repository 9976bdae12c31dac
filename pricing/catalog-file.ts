/** Reads one provider's file of the catalog, strictly: every mistake at once, with line and column. */
import { weekdays, type Day, type Model, type Provider, type RateCard, type Schedule } from './catalog.ts';
import type { Micros } from './charge.ts';
import { positionOf, type JsonPath } from './json-position.ts';
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
  const provider = readProvider({ value: json, path: [], report: (path, what) => found.push({ path, what }) });
  if (found.length === 0) return provider;
  throw new CatalogError(
    found.map(({ path, what }) => {
      const { line, column } = positionOf(text, path);
      return `${file}:${line}:${column}: ${path.join('.')}: ${what}`;
    }),
  );
}

interface Node {
  readonly value: unknown;
  readonly path: JsonPath;
  readonly report: (path: JsonPath, what: string) => void;
}

function readProvider(node: Node): Provider {
  const fields = open(node, 'provider name sources checked claims resells inherits models');
  const inherits: Partial<Record<Unit, Unit>> = {};
  for (const [unit, from] of members(fields('inherits'))) {
    const target = text(from);
    if (!isUnit(unit)) from.report(from.path, `"${unit}" is not a unit`);
    else if (!isUnit(target)) from.report(from.path, `"${target}" is not a unit`);
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
  const fields = open(node, 'model match context_window note cards');
  const window = fields('context_window');
  const note = fields('note');
  const cards = items(fields('cards')).map(readCard);
  const model = text(fields('model'));
  if (cards.length === 0) node.report(node.path, `"${model}" has no cards`);
  reportOverlaps(node, cards);
  return {
    model,
    match: items(fields('match')).map(pattern),
    ...(window.value === undefined ? {} : { context_window: count(window) }),
    ...(note.value === undefined ? {} : { note: text(note) }),
    cards,
  };
}

function readCard(node: Node): RateCard {
  const fields = open(node, 'from until tier region above_input_tokens schedule rates source checked note');
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
    tier.report(tier.path, `${JSON.stringify(tier.value)} is not one of ${serviceTiers.join(', ')}`);
  if (card.from !== undefined && card.until !== undefined && card.from >= card.until)
    node.report(node.path, 'ends before it begins');
  return card;
}

function readRates(node: Node): RateCard['rates'] {
  const rates: Partial<Record<Unit, FemtoUsd>> = {};
  for (const [unit, field] of members(node)) {
    if (!isUnit(unit)) {
      field.report(field.path, `"${unit}" is not a unit`);
      continue;
    }
    try {
      rates[unit] = readRate(unit, text(field));
    } catch (error) {
      field.report(field.path, error instanceof Error ? error.message : String(error));
    }
  }
  if (Object.keys(rates).length === 0) node.report(node.path, 'a card needs at least one rate');
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
  const fields = open(node, 'name zone days windows');
  const zone = text(fields('zone'));
  if (!isZone(zone)) fields('zone').report(fields('zone').path, `"${zone}" is not a time zone`);
  return {
    name: text(fields('name')),
    zone,
    days: items(fields('days')).map((field): Day => {
      const found = weekdays.find((name) => name === field.value);
      if (found === undefined) field.report(field.path, `not one of ${weekdays.join(', ')}`);
      return found ?? 'sun';
    }),
    windows: items(fields('windows')).map((field): readonly [number, number] => {
      const [from = NaN, until = NaN] = items(field).map(minuteOfDay);
      if (!(from < until)) field.report(field.path, 'a window is ["from", "until"], both HH:MM, within one day');
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
  const last = new Map<string, RateCard>();
  const dated = cards.map((card, index) => ({ card, index }));
  for (const { card, index } of dated.toSorted((a, b) => (a.card.from ?? -Infinity) - (b.card.from ?? -Infinity))) {
    const key = JSON.stringify([card.tier, card.region, card.aboveInputTokens, card.schedule?.name]);
    const before = last.get(key);
    if (before !== undefined && (before.until ?? Infinity) > (card.from ?? -Infinity))
      node.report([...node.path, 'cards', index], 'overlaps another card of the same tier, region and threshold');
    last.set(key, card);
  }
}

function reportDoubles(node: Node, models: readonly Model[]): void {
  const owner = new Map<string, string>();
  for (const [index, { model, match }] of models.entries())
    for (const name of new Set([model, ...match].map((name) => name.toLowerCase()))) {
      const other = owner.get(name);
      if (other !== undefined) node.report([...node.path, 'models', index], `"${name}" is a name of "${other}" too`);
      owner.set(name, model);
    }
}

/** Gives the fields of an object by name, and reports what is no object or has unknown keys. */
function open(node: Node, keys: string): (key: string) => Node {
  const known = keys.split(' ');
  const object = asObject(node);
  for (const key of Object.keys(object))
    if (!known.includes(key)) node.report([...node.path, key], `unknown key; known are ${known.join(', ')}`);
  return (key) => ({ value: object[key], path: [...node.path, key], report: node.report });
}

function members(node: Node): [string, Node][] {
  if (node.value === undefined) return [];
  return Object.entries(asObject(node)).map(([key, value]) => [
    key,
    { value, path: [...node.path, key], report: node.report },
  ]);
}

function asObject(node: Node): Readonly<Record<string, unknown>> {
  if (typeof node.value === 'object' && node.value !== null && !Array.isArray(node.value))
    return node.value as Readonly<Record<string, unknown>>;
  node.report(node.path, 'needs an object');
  return {};
}

function items(node: Node): Node[] {
  if (node.value === undefined) return [];
  if (!Array.isArray(node.value)) {
    node.report(node.path, 'needs a list');
    return [];
  }
  return node.value.map((value: unknown, index) => ({ value, path: [...node.path, index], report: node.report }));
}

function text(node: Node): string {
  if (typeof node.value === 'string' && node.value !== '') return node.value;
  node.report(node.path, 'needs a text in quotes');
  return '';
}

function count(node: Node): number {
  if (Number.isSafeInteger(node.value) && Number(node.value) >= 0) return Number(node.value);
  node.report(node.path, 'needs a whole number');
  return 0;
}

function day(node: Node): string {
  const value = text(node);
  if (!/^\d{4}-\d\d-\d\d$/.test(value) || Number.isNaN(Date.parse(value)))
    node.report(node.path, `"${value}" is not a day such as "2026-09-23"`);
  return value;
}

function instant(node: Node): Micros {
  const value = text(node);
  const at = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?$/.test(value) ? Date.parse(value) : NaN;
  if (Number.isNaN(at)) node.report(node.path, `"${value}" is not a day or UTC instant such as "2026-08-16T16:00:00Z"`);
  return at * 1000;
}

function pattern(node: Node): string {
  const value = text(node);
  if (value.startsWith('/'))
    try {
      RegExp(value.slice(1, -1));
    } catch (error) {
      node.report(node.path, error instanceof Error ? error.message : String(error));
    }
  return value;
}

function isZone(zone: string): boolean {
  try {
    return Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
