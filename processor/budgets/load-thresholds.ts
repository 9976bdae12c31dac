import type { Micros } from '../../pricing/charge.ts';
import { nearest } from '../nearest.ts';
import { loadAction } from './load-actions.ts';
import { readDuration } from './duration.ts';
import type { AmountUnit } from './measure.ts';
import { presets } from './presets.ts';
import { levelText, readLevel } from './quantity.ts';
import { isRolling, thresholdId, type Rule, type Threshold } from './rule.ts';
import type { Fields, Place, YamlReader } from './yaml.ts';

const threshold = {
  keys: ['at', 'forecast', 'margin', 'for', 'severity', 'action'],
  required: ['severity'],
};

/** What thresholds must know of their budget; undefined where that could not be read. */
interface BudgetTerms {
  readonly unit: AmountUnit | undefined;
  readonly period: Rule['period'] | undefined;
  /** The budget's own `for`. */
  readonly forUs: Micros;
}

/** Severities that receivers know. Others are allowed; what looks like a slip in one of these is not. */
const severities = ['info', 'warning', 'critical', 'page'];

/** Reads the thresholds of a budget, those of its preset first: at least one, no two alike. */
export function loadThresholds(
  yaml: YamlReader,
  rule: Place,
  fields: Fields,
  terms: BudgetTerms,
): readonly Threshold[] | undefined {
  const [presetAt, listAt] = [fields.get('preset'), fields.get('thresholds')];
  if (presetAt === undefined && listAt === undefined) return yaml.wrong(rule, '"thresholds" is missing');
  const preset = (presetAt && yaml.value(presetAt, readPreset)) ?? [];
  const thresholds = preset.map((each) => Object.assign({}, each, { forUs: terms.forUs }));
  const items = listAt && yaml.items(listAt);
  if (listAt && items?.length === 0 && presetAt === undefined)
    return yaml.wrong(listAt, 'is empty; without a threshold nobody would be told');
  for (const item of items ?? []) {
    const loaded = loadThreshold(yaml, item, terms);
    if (loaded === undefined) continue;
    const id = thresholdId(loaded);
    if (thresholds.some((other) => thresholdId(other) === id)) yaml.wrong(item, `there is another threshold at ${id}`);
    else thresholds.push(loaded);
  }
  return thresholds;
}

function loadThreshold(
  yaml: YamlReader,
  item: Place,
  { unit, period, forUs: long }: BudgetTerms,
): Threshold | undefined {
  const fields = yaml.fields(item, threshold);
  if (fields === undefined) return undefined;
  const [actual, forecast, margin] = [fields.get('at'), fields.get('forecast'), fields.get('margin')];
  const forAt = fields.get('for');
  const severityAt = fields.get('severity');
  const severity = severityAt && yaml.value(severityAt, readSeverity);
  if (forecast !== undefined && period !== undefined && isRolling(period))
    yaml.wrong({ ...forecast, offset: forecast.keyOffset }, 'a window that rolls has no end to be foreseen');
  const actionAt = fields.get('action');
  const action = actionAt && loadAction(yaml, actionAt);
  if (actionAt !== undefined && forecast !== undefined)
    yaml.wrong(
      { ...actionAt, offset: actionAt.keyOffset },
      'no call is stopped on a forecast; write the action at a threshold of what was spent, with "at"',
    );
  if (actionAt !== undefined && action?.kind === 'cap' && action.lease && period !== undefined && isRolling(period))
    yaml.wrong(
      { ...actionAt, offset: actionAt.keyOffset },
      'a window that rolls has no leases; leave out "lease", or write a period such as month',
    );
  const forUs: Micros | undefined = forAt === undefined ? long : yaml.value(forAt, readDuration);
  const [first, second] = (['at', 'forecast', 'margin'] as const).filter((key) => fields.has(key));
  if (second !== undefined)
    return yaml.wrong(item, `"${first}" and "${second}" are two thresholds; write each on its own`);
  const at = actual ?? forecast ?? margin;
  if (at === undefined) return fields.size === 0 ? undefined : yaml.wrong(item, '"at" is missing');
  const level = yaml.value(at, readLevel);
  if (level?.kind === 'fixed' && unit !== undefined && level.amount.unit !== unit)
    return yaml.wrong(at, `is in ${level.amount.unit}, but the budget is in ${unit}`);
  if (margin !== undefined && (level?.kind === 'fixed' || (unit !== undefined && unit !== 'USD')))
    return yaml.wrong(at, 'is a share of revenue, as in 80%, of a budget in USD');
  if (level === undefined || severity === undefined || forUs === undefined) return undefined;
  const basis = forecast !== undefined ? 'forecast' : margin !== undefined ? 'margin' : 'actual';
  return { basis, at: level, label: levelText(level), severity, forUs, action };
}

function readPreset(text: string): readonly Threshold[] {
  const preset = presets[text];
  if (preset !== undefined && Object.hasOwn(presets, text)) return preset;
  throw new RangeError(`"${text}" is not a preset; there are ${Object.keys(presets).join(', ')}`);
}

export function readSeverity(text: string): string {
  if (!/^[a-z][a-z0-9_-]{0,31}$/.test(text)) throw new RangeError(`"${text}" is not a severity such as warning`);
  const hint = nearest(text, severities);
  if (!severities.includes(text) && hint !== undefined)
    throw new RangeError(`"${text}" is not a severity; did you mean "${hint}"?`);
  return text;
}
