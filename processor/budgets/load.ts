import { resolve } from 'node:path';
import { isMap } from 'yaml';
import type { DimensionName, Matcher } from '../ledger.ts';
import { dimensionNames } from '../ledger.ts';
import { isDimension, parseMatcher } from '../matcher.ts';
import { nearest } from '../nearest.ts';
import { durationText, readDuration } from './duration.ts';
import type { Micros } from '../../pricing/charge.ts';
import { loadActionWindows, readFailMode, readUnpriced } from './load-actions.ts';
import { loadNotify } from './notify/load.ts';
import type { Context } from './notify/load-channels.ts';
import { loadThresholds } from './load-thresholds.ts';
import { loadTimeIntervals } from './load-time-intervals.ts';
import type { AmountUnit } from './measure.ts';
import { readAnchor } from './load-anchor.ts';
import { isTimezone, periodKinds } from './period.ts';
import { checkRevenue, readPercent } from './load-revenue.ts';
import { readAmount, type Amount, type Share } from './quantity.ts';
import { isRolling, type BudgetsFile, type Override, type Rule } from './rule.ts';
import { SWEEP_US } from './sweep.ts';
import { loadTrend, loadTrendThresholds } from './load-trend.ts';
import { trendKinds } from './trend.ts';
import { stepOf } from './window-steps.ts';
import { readTemplate } from './template.ts';
import type { TimeInterval } from './time-interval.ts';
import { YamlReader, type Fields, type Mistake, type Place } from './yaml.ts';

export type Loaded =
  | ({ readonly status: 'valid' } & BudgetsFile)
  | { readonly status: 'invalid'; readonly path: string; readonly mistakes: readonly Mistake[] };

const file = { keys: ['groups', 'notify', 'time_intervals'], required: ['groups'] };
const group = { keys: ['name', 'interval', 'labels', 'rules'], required: ['name', 'rules'] };
const rule = {
  keys: 'budget match by amount period timezone anchor overrides thresholds preset max_keys keep_firing_for annotations action_windows fail_mode unpriced growth spike for labels'.split(
    ' ',
  ),
  required: ['budget'],
};
const revenueAmount = { keys: ['revenue_percent'], required: ['revenue_percent'] };
const override = { keys: ['match', 'amount'], required: ['match', 'amount'], later: ['thresholds'] };

/** Labels that every alert has already: a group cannot set them. */
const alertLabels = ['alertname', 'budget', 'threshold', 'basis', 'severity', 'period'];
const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const MAX_KEYS = 100_000;

export interface LoadOptions {
  /** What paths in the file are relative to; without it they stay as they are. */
  readonly folder?: string;
  /** Whether a secret that is not where the file says is a mistake: where alerts will be sent. */
  readonly secrets?: boolean;
}

/**
 * Reads budgets.yaml: the rules, or every mistake with its line and column. What is specified but not built is a mistake
 * too, because a budget that is silently not watched is worse than none. Messages never hold the text of a URL.
 *
 * @example
 * const loaded = loadBudgets('budgets.yaml', readFileSync('budgets.yaml', 'utf8'));
 * if (loaded.status === 'invalid') throw new SpanledgerError('invalid_config', mistakesText(loaded));
 */
export function loadBudgets(path: string, text: string, { folder, secrets = false }: LoadOptions = {}): Loaded {
  const yaml = new YamlReader(text);
  const rules: Rule[] = [];
  const names = new Map<string, Place>();
  const empty = yaml.readable && yaml.root.node === null;
  if (empty) yaml.wrong(yaml.root, 'there is nothing in it; "spanledger budgets init" writes one to start from');
  const fields = !yaml.readable || empty ? undefined : yaml.fields(yaml.root, file);
  const groups = fields?.get('groups');
  const intervalsAt = fields?.get('time_intervals');
  const intervals = (intervalsAt && loadTimeIntervals(yaml, intervalsAt)) ?? new Map<string, TimeInterval>();
  const seen = { names, intervals };
  for (const place of (groups && yaml.items(groups)) ?? []) rules.push(...loadGroup(yaml, place, seen));
  const notify = fields?.get('notify');
  const context: Context = { path: (name) => (folder === undefined ? name : resolve(folder, name)), secrets };
  const told = notify && loadNotify(yaml, notify, intervals, context);
  const { mistakes } = yaml;
  return mistakes.length > 0 ? { status: 'invalid', path, mistakes } : { status: 'valid', rules, notify: told };
}

/** All mistakes for people, one a line: `budgets.yaml:7:13: amount: "5" has no unit; write 5 USD`. */
export function mistakesText({
  path,
  mistakes,
}: Pick<Extract<Loaded, { status: 'invalid' }>, 'path' | 'mistakes'>): string {
  return mistakes.map(({ line, column, message }) => `${path}:${line}:${column}: ${message}`).join('\n');
}

/** What one rule must know of the rest of the file. */
interface Seen {
  readonly names: Map<string, Place>;
  readonly intervals: ReadonlyMap<string, TimeInterval>;
}

function loadGroup(yaml: YamlReader, place: Place, seen: Seen): readonly Rule[] {
  const fields = yaml.fields(place, group);
  if (fields === undefined) return [];
  const name = optional(fields, 'name', (at) => yaml.text(at)) ?? '';
  const labels = optional(fields, 'labels', (at) => loadLabels(yaml, at)) ?? {};
  const intervalUs = optional(fields, 'interval', (at) => yaml.value(at, readInterval)) ?? SWEEP_US;
  const rules = optional(fields, 'rules', (at) => yaml.items(at)) ?? [];
  return rules.flatMap((at) => loadRule(yaml, at, { name, labels, intervalUs }, seen) ?? []);
}

function loadRule(
  yaml: YamlReader,
  place: Place,
  inGroup: Pick<Rule, 'labels' | 'intervalUs'> & { readonly name: string },
  { names, intervals }: Seen,
): Rule | undefined {
  const fields = yaml.fields(place, rule);
  if (fields === undefined) return undefined;
  const budget = optional(fields, 'budget', (at) => loadName(yaml, at, names));
  const match = optional(fields, 'match', (at) => loadMatch(yaml, at)) ?? [];
  const by = optional(fields, 'by', (at) => loadBy(yaml, at)) ?? [];
  const own = optional(fields, 'labels', (at) => loadLabels(yaml, at)) ?? {};
  const labels = { ...inGroup.labels, ...own };
  const trended = trendKinds.find((kind) => fields.has(kind));
  const trend = trended && loadTrend(yaml, fields, trended);
  if (trended === undefined)
    for (const key of ['amount', 'period']) if (!fields.has(key)) yaml.wrong(place, `"${key}" is missing`);
  const amount: LoadedAmount | undefined = trend?.floor ?? optional(fields, 'amount', (at) => loadAmount(yaml, at));
  const period: Rule['period'] | undefined =
    trend === undefined
      ? optional(fields, 'period', (at) => yaml.value(at, readPeriod))
      : `rolling ${durationText(trend.overUs)}`;
  const timezone = optional(fields, 'timezone', (at) => yaml.value(at, readTimezone)) ?? 'UTC';
  const zoneAt = fields.get('timezone');
  if (zoneAt && period !== undefined && isRolling(period))
    yaml.wrong({ ...zoneAt, offset: zoneAt.keyOffset }, 'a window that rolls has none; leave it out');
  const anchor = optional(fields, 'anchor', (at) => yaml.value(at, (text) => readAnchor(text, period)));
  const overrides = optional(fields, 'overrides', (at) => loadOverrides(yaml, at, amount?.unit)) ?? [];
  const forUs = optional(fields, 'for', (at) => yaml.value(at, readDuration)) ?? 0;
  const thresholds =
    trended === undefined
      ? loadThresholds(yaml, place, fields, { unit: amount?.unit, period, forUs })
      : loadTrendThresholds(yaml, place, fields, trend, forUs);
  const ofRevenue = amount !== undefined && 'ofRevenue' in amount ? amount.ofRevenue : undefined;
  if (thresholds !== undefined)
    checkRevenue(yaml, place, fields, { ofRevenue, overrides, thresholds, by, match, period });
  const maxKeys = optional(fields, 'max_keys', (at) => yaml.value(at, readMaxKeys)) ?? MAX_KEYS;
  const keepFiringUs = optional(fields, 'keep_firing_for', (at) => yaml.value(at, readDuration)) ?? 0;
  const known = [...alertLabels, ...Object.keys(labels), ...by];
  const annotations = optional(fields, 'annotations', (at) => loadAnnotations(yaml, at, known)) ?? {};
  const actionWindows =
    optional(fields, 'action_windows', (at) => loadActionWindows(yaml, at, intervals, loadMatch)) ?? [];
  const failMode = optional(fields, 'fail_mode', (at) => yaml.value(at, readFailMode)) ?? 'open';
  const unpriced =
    optional(fields, 'unpriced', (at) => yaml.value(at, (text) => readUnpriced(text, amount?.unit))) ?? 'ignore';
  if (budget === undefined || amount === undefined || period === undefined || thresholds === undefined)
    return undefined;
  const { name: groupName, intervalUs } = inGroup;
  const terms = {
    amount: { unit: amount.unit, value: amount.value },
    ofRevenue,
    trend,
    intervalUs,
    overrides,
    period,
    timezone,
    anchor,
    thresholds,
    maxKeys,
    keepFiringUs,
  };
  return { budget, group: groupName, labels, match, by, ...terms, annotations, actionWindows, failMode, unpriced };
}

function optional<T>(fields: Fields, key: string, load: (place: Place) => T): T | undefined {
  const place = fields.get(key);
  return place === undefined ? undefined : load(place);
}

function loadName(yaml: YamlReader, place: Place, names: Map<string, Place>): string | undefined {
  const name = yaml.text(place);
  if (name === undefined) return undefined;
  if (!NAME.test(name) || name.length > 100)
    return yaml.wrong(place, `"${name}" is not a lower-case-hyphenated name such as customer-monthly`);
  if (names.has(name))
    return yaml.wrong(place, `there is another budget named "${name}"; names are unique in the file`);
  names.set(name, place);
  return name;
}

/** An amount, or a share of revenue, whose own value is then 0. */
type LoadedAmount = Amount & { readonly ofRevenue?: Share };

function loadAmount(yaml: YamlReader, place: Place, unit?: AmountUnit): LoadedAmount | undefined {
  if (isMap(place.node)) {
    const shareAt = yaml.fields(place, revenueAmount)?.get('revenue_percent');
    const ofRevenue = shareAt && yaml.value(shareAt, readPercent);
    if (ofRevenue !== undefined && unit !== undefined && unit !== 'USD')
      return yaml.wrong(place, `is in USD, but the budget is in ${unit}`);
    return ofRevenue && { unit: 'USD', value: 0n, ofRevenue };
  }
  const amount = yaml.value(place, readAmount);
  if (amount === undefined || unit === undefined || amount.unit === unit) return amount;
  return yaml.wrong(place, `is in ${amount.unit}, but the budget is in ${unit}`);
}

function loadMatch(yaml: YamlReader, place: Place): readonly Matcher[] {
  return (yaml.items(place) ?? []).flatMap((at) => yaml.value(at, parseMatcher) ?? []);
}

function loadBy(yaml: YamlReader, place: Place): readonly DimensionName[] {
  const names = (yaml.items(place) ?? []).map((at) => ({ at, name: yaml.text(at) }));
  const by: DimensionName[] = [];
  for (const { at, name } of names) {
    if (name === undefined) continue;
    if (!isDimension(name)) {
      const hint = nearest(name, dimensionNames);
      const rest = hint === undefined ? `; there are ${dimensionNames.join(', ')}` : `; did you mean "${hint}"?`;
      yaml.wrong(at, `"${name}" is not a dimension${rest}`);
    } else if (by.includes(name)) yaml.wrong(at, `"${name}" is there twice`);
    else by.push(name);
  }
  return by;
}

function loadOverrideMatch(yaml: YamlReader, place: Place): readonly Matcher[] | undefined {
  if (yaml.items(place)?.length === 0)
    return yaml.wrong(place, 'without a matcher it would apply to every key; set "amount" of the budget instead');
  return loadMatch(yaml, place);
}

function loadOverrides(yaml: YamlReader, place: Place, unit: AmountUnit | undefined): readonly Override[] {
  return (yaml.items(place) ?? []).flatMap((at) => {
    const fields = yaml.fields(at, override);
    const match = fields && optional(fields, 'match', (where) => loadOverrideMatch(yaml, where));
    const amount = fields && optional(fields, 'amount', (where) => loadAmount(yaml, where, unit));
    if (match === undefined || amount === undefined) return [];
    return [{ match, amount: { unit: amount.unit, value: amount.value }, ofRevenue: amount.ofRevenue }];
  });
}

function loadLabels(yaml: YamlReader, place: Place): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  for (const [name, at] of yaml.entries(place) ?? []) {
    const key = { ...at, offset: at.keyOffset, name: 'labels' };
    if (!LABEL.test(name)) yaml.wrong(key, `"${name}" is not a label name (letters, digits and _)`);
    else if (alertLabels.includes(name) || isDimension(name))
      yaml.wrong(key, `"${name}" is a label that alerts set themselves; take another name`);
    else labels[name] = yaml.text(at) ?? '';
  }
  return labels;
}

function loadAnnotations(yaml: YamlReader, place: Place, known: readonly string[]): Rule['annotations'] {
  const annotations: Record<string, Rule['annotations'][string]> = {};
  for (const [name, at] of yaml.entries(place) ?? []) {
    if (!LABEL.test(name))
      yaml.wrong(
        { ...at, offset: at.keyOffset, name: 'annotations' },
        `"${name}" is not a name (letters, digits and _)`,
      );
    annotations[name] = yaml.value(at, (text) => readTemplate(text, known)) ?? [];
  }
  return annotations;
}

function readPeriod(text: string): Rule['period'] {
  const kind = periodKinds.find((name) => name === text);
  if (kind !== undefined) return kind;
  const [, window] = /^rolling\s+(\S+)$/.exec(text) ?? [];
  if (window !== undefined) {
    const us = readDuration(window);
    stepOf(us);
    return `rolling ${durationText(us)}`;
  }
  if (/^(rolling|\d+[smhdwy])$/.test(text))
    throw new RangeError(`"${text}" is not a period; a window that rolls is written as in rolling 30d`);
  const hint = nearest(text, periodKinds);
  throw new RangeError(
    `"${text}" is not a period${hint === undefined ? `; there are ${periodKinds.join(', ')}` : `; did you mean "${hint}"?`}`,
  );
}

function readInterval(text: string): Micros {
  const us = readDuration(text);
  if (us >= 1_000_000 && us <= 3_600_000_000) return us;
  throw new RangeError(`"${text}" is not between 1s and 1h`);
}

function readTimezone(text: string): string {
  if (isTimezone(text)) return text;
  throw new RangeError(`"${text}" is not a time zone such as Europe/Berlin or UTC`);
}

function readMaxKeys(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text) && Number(text) <= 1_000_000) return Number(text);
  throw new RangeError(`"${text}" is not a whole number from 1 to 1000000`);
}
