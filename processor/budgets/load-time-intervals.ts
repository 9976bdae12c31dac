import { isTimezone, wallClock } from './period.ts';
import type { Range, TimeInterval, TimeSpan } from './time-interval.ts';
import type { Place, YamlReader } from './yaml.ts';

const named = { keys: ['name', 'time_intervals'], required: ['name', 'time_intervals'] };
const span = { keys: ['times', 'weekdays', 'days_of_month', 'months', 'years', 'location'] };
const time = { keys: ['start_time', 'end_time'], required: ['start_time', 'end_time'] };
export const weekdayNames: readonly string[] = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
];
const monthNames = 'january february march april may june july august september october november december'.split(' ');

/** Reads the file's `time_intervals`, in Alertmanager's words, by name. */
export function loadTimeIntervals(yaml: YamlReader, place: Place): ReadonlyMap<string, TimeInterval> {
  const intervals = new Map<string, TimeInterval>();
  for (const item of yaml.items(place) ?? []) {
    const fields = yaml.fields(item, named);
    const nameAt = fields?.get('name');
    const name = nameAt && yaml.text(nameAt);
    const spansAt = fields?.get('time_intervals');
    const items = (spansAt && yaml.items(spansAt)) ?? [];
    const spans = items.flatMap((at) => loadSpan(yaml, at) ?? []);
    if (spansAt && items.length === 0) yaml.wrong(spansAt, 'is empty; it would never hold');
    if (nameAt === undefined || name === undefined) continue;
    if (intervals.has(name)) yaml.wrong(nameAt, `there is another time interval named "${name}"`);
    intervals.set(name, { name, spans });
  }
  return intervals;
}

function loadSpan(yaml: YamlReader, place: Place): TimeSpan | undefined {
  const fields = yaml.fields(place, span);
  if (fields === undefined) return undefined;
  const ranges = (key: string, read: (text: string) => Range): readonly Range[] => {
    const at = fields.get(key);
    return ((at && yaml.items(at)) ?? []).flatMap((item) => yaml.value(item, read) ?? []);
  };
  const timesAt = fields.get('times');
  const locationAt = fields.get('location');
  const location = locationAt && yaml.value(locationAt, readLocation);
  return {
    times: ((timesAt && yaml.items(timesAt)) ?? []).flatMap((item) => loadTimes(yaml, item) ?? []),
    weekdays: ranges('weekdays', (text) => readNames(text, weekdayNames, 0)),
    daysOfMonth: ranges('days_of_month', readDays),
    months: ranges('months', (text) => (/^\d/.test(text) ? readNumbers(text, 1, 12) : readNames(text, monthNames, 1))),
    years: ranges('years', (text) => readNumbers(text, 1970, 9999)),
    clock: wallClock(location ?? 'UTC'),
  };
}

function loadTimes(yaml: YamlReader, place: Place): Range | undefined {
  const fields = yaml.fields(place, time);
  const [startAt, endAt] = [fields?.get('start_time'), fields?.get('end_time')];
  const from = startAt && yaml.value(startAt, readTime);
  const to = endAt && yaml.value(endAt, readTime);
  if (from === undefined || to === undefined) return undefined;
  if (from < to) return { from, to };
  return yaml.wrong(
    place,
    'its end is not after its start; over midnight it takes two, as 22:00 to 24:00 and 00:00 to 06:00',
  );
}

/** Minutes of the day. */
function readTime(text: string): number {
  const [, hour = '', minute = ''] = /^(\d\d):(\d\d)$/.exec(text) ?? [];
  const minutes = Number(hour) * 60 + Number(minute);
  if (hour !== '' && Number(minute) < 60 && minutes <= 24 * 60) return minutes;
  throw new RangeError(`"${text}" is not a time of day such as 08:00`);
}

function readNames(text: string, names: readonly string[], first: number): Range {
  const [start = '', end = start, ...rest] = text.toLowerCase().split(':');
  const [from, to] = [names.indexOf(start), names.indexOf(end)];
  if (from === -1 || to === -1 || rest.length > 0)
    throw new RangeError(`"${text}" is not one of ${names.join(', ')}, or two of them as ${names[1]}:${names[5]}`);
  if (from > to) throw new RangeError(`"${text}" ends before it starts; ${names[0]} is the first`);
  return { from: from + first, to: to + first };
}

function readDays(text: string): Range {
  const range = readNumbers(text, -31, 31);
  if (range.from === 0 || range.to === 0) throw new RangeError(`"${text}": days count from 1, or from -1 for the last`);
  if (range.from < 0 !== range.to < 0 && range.from < 0)
    throw new RangeError(`"${text}" counts from the end and then from the start of the month`);
  return range;
}

function readNumbers(text: string, least: number, most: number): Range {
  const [, start = '', end = start] = /^(-?\d{1,4})(?::(-?\d{1,4}))?$/.exec(text) ?? [];
  const [from, to] = [Number(start), Number(end)];
  if (start === '' || from < least || to > most || (from > to && !(from > 0 && to < 0)))
    throw new RangeError(`"${text}" is not a number from ${least} to ${most}, or two of them as 1:5`);
  return { from, to };
}

function readLocation(text: string): string {
  if (isTimezone(text)) return text;
  throw new RangeError(`"${text}" is not a time zone such as Europe/Berlin or UTC`);
}
