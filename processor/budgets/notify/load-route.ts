import type { Micros } from '../../../pricing/charge.ts';
import { readLabelMatcher, type LabelMatcher } from '../../matcher.ts';
import { readDuration } from '../duration.ts';
import { knownInterval } from '../load-actions.ts';
import type { TimeInterval } from '../time-interval.ts';
import { readBoolean, type Fields, type Place, type YamlReader } from '../yaml.ts';
import type { InhibitRule, Route } from './settings.ts';

const route = {
  keys: 'receiver matchers continue group_by group_wait repeat_interval mute_time_intervals active_time_intervals routes'.split(
    ' ',
  ),
  later: ['group_interval'],
};
const inhibitRule = {
  keys: ['source_matchers', 'target_matchers', 'equal'],
  required: ['source_matchers', 'target_matchers'],
};
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const MAX_WAIT_US: Micros = 3_600_000_000;
/** As the severer alert of the same call is found a moment later: it must be known before the milder one is told. */
export const INHIBITION_WAIT_US: Micros = 3_000_000;

export interface LoadedRoute {
  readonly route: Route;
  /** The receivers that are named, and where. */
  readonly named: readonly { readonly at: Place; readonly name: string }[];
}

interface Seen {
  readonly intervals: ReadonlyMap<string, TimeInterval>;
  /** Whether there are inhibition rules: then nothing is told before its like could be known. */
  readonly inhibited: boolean;
}

/** Reads the routing tree. What a route does not say it has from the one above it, but for its intervals and matchers. */
export function loadRoute(yaml: YamlReader, place: Place, seen: Seen, above?: Route): LoadedRoute | undefined {
  const fields = yaml.fields(place, route);
  if (fields === undefined) return undefined;
  const receiverAt = fields.get('receiver');
  if (receiverAt === undefined && above === undefined) return yaml.wrong(place, '"receiver" is missing');
  const receiver = receiverAt && yaml.text(receiverAt);
  const matchersAt = fields.get('matchers');
  if (matchersAt !== undefined && above === undefined)
    yaml.wrong({ ...matchersAt, offset: matchersAt.keyOffset }, 'the first route takes every alert; write it below');
  const duration = (key: string): Micros | undefined => {
    const at = fields.get(key);
    return at && yaml.value(at, readDuration);
  };
  const waitAt = fields.get('group_wait');
  const wait = waitAt && yaml.value(waitAt, readWait);
  const own: Route = {
    receiver: receiver ?? above?.receiver ?? '',
    matchers: matchersAt === undefined ? [] : loadMatchers(yaml, matchersAt),
    goOn: isTrue(yaml, fields, 'continue'),
    groupBy: loadGroupBy(yaml, fields, above === undefined ? ['alertname', 'budget'] : above.groupBy),
    groupWaitUs: wait ?? above?.groupWaitUs ?? (seen.inhibited ? INHIBITION_WAIT_US : 0),
    repeatUs: duration('repeat_interval') ?? above?.repeatUs,
    mute: loadIntervals(yaml, fields, 'mute_time_intervals', seen.intervals),
    active: loadIntervals(yaml, fields, 'active_time_intervals', seen.intervals),
    routes: [],
  };
  const routesAt = fields.get('routes');
  const below = ((routesAt && yaml.items(routesAt)) ?? []).flatMap((item) => loadRoute(yaml, item, seen, own) ?? []);
  const mine = receiverAt === undefined || receiver === undefined ? [] : [{ at: receiverAt, name: receiver }];
  return {
    route: { ...own, routes: below.map((each) => each.route) },
    named: [...mine, ...below.flatMap(({ named }) => named)],
  };
}

export function loadInhibitRules(yaml: YamlReader, place: Place): readonly InhibitRule[] {
  return (yaml.items(place) ?? []).flatMap((item) => {
    const fields = yaml.fields(item, inhibitRule);
    if (fields === undefined) return [];
    const matchers = (key: string): readonly LabelMatcher[] => {
      const at = fields.get(key);
      const loaded = at === undefined ? [] : loadMatchers(yaml, at);
      if (at !== undefined && yaml.items(at)?.length === 0) yaml.wrong(at, 'is empty; it would match every alert');
      return loaded;
    };
    const equalAt = fields.get('equal');
    const equal = ((equalAt && yaml.items(equalAt)) ?? []).flatMap((at) => yaml.value(at, readLabel) ?? []);
    return [{ source: matchers('source_matchers'), target: matchers('target_matchers'), equal }];
  });
}

function loadMatchers(yaml: YamlReader, place: Place): readonly LabelMatcher[] {
  return (yaml.items(place) ?? []).flatMap((at) => yaml.value(at, readLabelMatcher) ?? []);
}

function loadIntervals(
  yaml: YamlReader,
  fields: Fields,
  key: string,
  intervals: ReadonlyMap<string, TimeInterval>,
): readonly TimeInterval[] {
  const at = fields.get(key);
  return ((at && yaml.items(at)) ?? []).flatMap((item) => {
    return yaml.value(item, (name) => knownInterval(intervals, name)) ?? [];
  });
}

/** `['...']` is Alertmanager's way to say all labels. */
function loadGroupBy(
  yaml: YamlReader,
  fields: Fields,
  inherited: readonly string[] | undefined,
): readonly string[] | undefined {
  const at = fields.get('group_by');
  if (at === undefined) return inherited;
  const names = (yaml.items(at) ?? []).flatMap(
    (item) => yaml.value(item, (text) => (text === '...' ? text : readLabel(text))) ?? [],
  );
  return names.includes('...') ? undefined : names;
}

function isTrue(yaml: YamlReader, fields: Fields, key: string): boolean {
  const at = fields.get(key);
  return (at && yaml.value(at, readBoolean)) ?? false;
}

function readLabel(text: string): string {
  if (LABEL.test(text)) return text;
  throw new RangeError(`"${text}" is not a label name (letters, digits and _)`);
}

function readWait(text: string): Micros {
  const wait = readDuration(text);
  if (wait <= MAX_WAIT_US) return wait;
  throw new RangeError(`"${text}" is longer than an hour: who waits so long needs no alert`);
}
