import { nearest } from '../nearest.ts';
import { levelText, readLevel } from './quantity.ts';
import type { Threshold } from './rule.ts';
import type { Place, YamlReader } from './yaml.ts';

const threshold = {
  keys: ['at', 'severity'],
  required: ['at', 'severity'],
  later: ['forecast', 'margin', 'for', 'action'],
  instead: ['forecast', 'margin'],
};

/** Severities that receivers know. Others are allowed; what looks like a slip in one of these is not. */
const severities = ['info', 'warning', 'critical', 'page'];

/** Reads the thresholds of a budget: at least one, no two at the same level. */
export function loadThresholds(yaml: YamlReader, place: Place): readonly Threshold[] | undefined {
  const items = yaml.items(place);
  if (items?.length === 0) return yaml.wrong(place, 'is empty; without a threshold nobody would be told');
  const thresholds: Threshold[] = [];
  for (const item of items ?? []) {
    const fields = yaml.fields(item, threshold);
    const at = fields?.get('at');
    const level = at && yaml.value(at, readLevel);
    const severityAt = fields?.get('severity');
    const severity = severityAt && yaml.value(severityAt, readSeverity);
    if (at === undefined || level === undefined || severity === undefined) continue;
    const label = levelText(level);
    if (thresholds.some((other) => other.label === label)) yaml.wrong(at, `there is another threshold at ${label}`);
    else thresholds.push({ basis: 'actual', at: level, label, severity });
  }
  return thresholds;
}

function readSeverity(text: string): string {
  if (!/^[a-z][a-z0-9_-]{0,31}$/.test(text)) throw new RangeError(`"${text}" is not a severity such as warning`);
  const hint = nearest(text, severities);
  if (!severities.includes(text) && hint !== undefined)
    throw new RangeError(`"${text}" is not a severity; did you mean "${hint}"?`);
  return text;
}
