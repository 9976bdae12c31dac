import type { Micros } from '../../pricing/charge.ts';
import { USD } from '../../pricing/money.ts';
import { durationText, readDuration } from './duration.ts';
import { readSeverity } from './load-thresholds.ts';
import { levelText, readAmount, readLevel } from './quantity.ts';
import type { Threshold } from './rule.ts';
import { trendKinds, type Trend } from './trend.ts';
import { stepOf } from './window-steps.ts';
import type { Fields, Place, YamlReader } from './yaml.ts';

const trend = { keys: ['over', 'compare', 'above', 'floor'], required: ['over', 'above'] };
const threshold = { keys: ['severity', 'for'], required: ['severity'], later: ['action'] };
/** What has no meaning where there is no amount. */
const without = [
  'amount',
  'period',
  'timezone',
  'anchor',
  'overrides',
  'preset',
  'action_windows',
  'fail_mode',
  'unpriced',
];
/** A window that is compared with one so much longer needs too many steps of memory. */
const MOST_STEPS = 500;

/** Reads `growth: { over: 7d, compare: 7d, above: 300%, floor: 20 USD }`, and `spike` alike. */
export function loadTrend(yaml: YamlReader, rule: Fields, kind: Trend['kind']): Trend | undefined {
  const place = rule.get(kind);
  const other = trendKinds.find((name) => name !== kind && rule.has(name));
  for (const key of [...without, ...(other === undefined ? [] : [other])]) {
    const at = rule.get(key);
    if (at) yaml.wrong({ ...at, offset: at.keyOffset }, `"${kind}" compares spend with spend; leave it out`);
  }
  const fields = place && yaml.fields(place, trend);
  if (fields === undefined) return undefined;
  const [overAt, compareAt, aboveAt, floorAt] = ['over', 'compare', 'above', 'floor'].map((key) => fields.get(key));
  const overUs = overAt && yaml.value(overAt, readWindow);
  const compareUs =
    compareAt === undefined
      ? overUs
      : yaml.value(compareAt, (text) => (overUs === undefined ? undefined : readCompared(text, overUs)));
  const above = aboveAt && yaml.value(aboveAt, readShare);
  const floor = floorAt === undefined ? { unit: 'USD' as const, value: USD } : yaml.value(floorAt, readFloor);
  if (overUs === undefined || compareUs === undefined || above === undefined || floor === undefined) return undefined;
  return { kind, overUs, compareUs, above, floor };
}

/** Its thresholds have a severity only; the level is that of the trend. */
export function loadTrendThresholds(
  yaml: YamlReader,
  rule: Place,
  fields: Fields,
  loaded: Trend | undefined,
  long: Micros,
): readonly Threshold[] | undefined {
  const listAt = fields.get('thresholds');
  if (listAt === undefined) return yaml.wrong(rule, '"thresholds" is missing; write [{ severity: warning }]');
  const items = yaml.items(listAt) ?? [];
  if (items.length !== 1)
    yaml.wrong(listAt, 'one is needed, such as { severity: warning }; each level is a rule of its own');
  return items.flatMap((item) => {
    const each = yaml.fields(item, threshold);
    const [severityAt, forAt] = [each?.get('severity'), each?.get('for')];
    const severity = severityAt && yaml.value(severityAt, readSeverity);
    const forUs = forAt === undefined ? long : yaml.value(forAt, readDuration);
    if (severity === undefined || forUs === undefined || loaded === undefined) return [];
    const { kind: basis, above: at } = loaded;
    return [{ basis, at, label: levelText(at), severity, forUs, action: undefined }];
  });
}

function readWindow(text: string): Micros {
  const us = readDuration(text);
  stepOf(us);
  return us;
}

function readCompared(text: string, overUs: Micros): Micros {
  const us = readDuration(text);
  const step = stepOf(overUs);
  if (us === 0 || us % step !== 0 || us / step > MOST_STEPS)
    throw new RangeError(`"${text}" is not a time in steps of ${durationText(step)}, at most ${MOST_STEPS} of them`);
  return us;
}

function readShare(text: string): Trend['above'] {
  const level = readLevel(text);
  if (level.kind === 'share') return level;
  throw new RangeError(`"${text}" is not a percentage such as 300%: by how much more than before`);
}

function readFloor(text: string): Trend['floor'] {
  const floor = readAmount(text);
  if (floor.value > 0n) return floor;
  throw new RangeError(`"${text}" would be reached by nothing; write more than 0`);
}
