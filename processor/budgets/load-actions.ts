import type { Matcher } from '../ledger.ts';
import { nearest } from '../nearest.ts';
import type { AmountUnit } from './measure.ts';
import {
  failModes,
  strictness,
  unpricedPolicies,
  type Action,
  type ActionWindow,
  type FailMode,
  type UnpricedPolicy,
} from './rule.ts';
import type { TimeInterval } from './time-interval.ts';
import { readBoolean, type Place, type YamlReader } from './yaml.ts';

const action = { keys: ['throttle', 'cap'] };
const throttle = { keys: ['to'], required: ['to'] };
const cap = { keys: ['message', 'lease'] };
const window = { keys: ['match', 'time_interval', 'max_action'], required: ['time_interval', 'max_action'] };
const MESSAGE_MAX = 500;

/** Reads what a threshold does: `{ throttle: { to: gpt-4.1-nano } }` or `{ cap: { message: 'Daily limit reached', lease: true } }`. */
export function loadAction(yaml: YamlReader, place: Place): Action | undefined {
  const fields = yaml.fields(place, action);
  if (fields === undefined) return undefined;
  const [throttleAt, capAt] = [fields.get('throttle'), fields.get('cap')];
  if (throttleAt !== undefined && capAt !== undefined)
    return yaml.wrong(place, '"throttle" and "cap" are two actions; write each at a threshold of its own');
  if (throttleAt !== undefined) {
    const toAt = yaml.fields(throttleAt, throttle)?.get('to');
    const to = toAt && yaml.value(toAt, readModel);
    return to === undefined ? undefined : { kind: 'throttle', to };
  }
  if (capAt === undefined)
    return yaml.entries(place)?.size === 0
      ? yaml.wrong(place, 'is empty; write { throttle: { to: <model> } } or { cap: {} }')
      : undefined;
  const capFields = yaml.fields(capAt, cap);
  const messageAt = capFields?.get('message');
  const message = messageAt && yaml.value(messageAt, readMessage);
  const leaseAt = capFields?.get('lease');
  const lease = leaseAt === undefined ? false : yaml.value(leaseAt, readBoolean);
  return capFields === undefined || (messageAt !== undefined && message === undefined) || lease === undefined
    ? undefined
    : { kind: 'cap', message, lease };
}

/** Reads `action_windows`: each names one of the file's `time_intervals`. */
export function loadActionWindows(
  yaml: YamlReader,
  place: Place,
  intervals: ReadonlyMap<string, TimeInterval>,
  loadMatch: (yaml: YamlReader, place: Place) => readonly Matcher[],
): readonly ActionWindow[] {
  return (yaml.items(place) ?? []).flatMap((item) => {
    const fields = yaml.fields(item, window);
    const matchAt = fields?.get('match');
    const match = matchAt === undefined ? [] : loadMatch(yaml, matchAt);
    const intervalAt = fields?.get('time_interval');
    const interval = intervalAt && yaml.value(intervalAt, (name) => knownInterval(intervals, name));
    const maxAt = fields?.get('max_action');
    const maxAction = maxAt && yaml.value(maxAt, readMaxAction);
    return interval === undefined || maxAction === undefined ? [] : [{ match, interval, maxAction }];
  });
}

/** Throws a RangeError unless it is `open` or `closed`. */
export function readFailMode(text: string): FailMode {
  const mode = failModes.find((name) => name === text);
  if (mode !== undefined) return mode;
  throw new RangeError(`"${text}" is not a way to fail; there are ${failModes.join(', ')}`);
}

/** Throws a RangeError unless it is a policy; only `ignore` where calls without a price count like others. */
export function readUnpriced(text: string, unit: AmountUnit | undefined): UnpricedPolicy {
  const policy = unpricedPolicies.find((name) => name === text);
  if (policy === undefined)
    throw new RangeError(
      `"${text}" is not a policy for calls without a price; there are ${unpricedPolicies.join(', ')}`,
    );
  if (policy !== 'ignore' && unit !== undefined && unit !== 'USD')
    throw new RangeError(`${unit} are counted without a price; leave it out`);
  return policy;
}

/** One of the file's `time_intervals`. Throws a RangeError where there is none of this name. */
export function knownInterval(intervals: ReadonlyMap<string, TimeInterval>, name: string): TimeInterval {
  const interval = intervals.get(name);
  if (interval !== undefined) return interval;
  const hint = nearest(name, [...intervals.keys()]);
  throw new RangeError(
    `"time_intervals" of the file has no "${name}"${hint === undefined ? '' : `; did you mean "${hint}"?`}`,
  );
}

function readModel(text: string): string {
  if (/^[^\s"]{1,200}$/.test(text)) return text;
  throw new RangeError(`"${text.slice(0, 50)}" is not the name of a model such as gpt-4.1-nano`);
}

function readMessage(text: string): string {
  if (text.length > 0 && text.length <= MESSAGE_MAX) return text;
  throw new RangeError(`a message has 1 to ${MESSAGE_MAX} characters, not ${text.length}`);
}

function readMaxAction(text: string): ActionWindow['maxAction'] {
  if (text === 'alert' || text === 'throttle') return text;
  if (text === 'cap') throw new RangeError('"cap" is the strictest action: the window would hold nothing back');
  throw new RangeError(`"${text}" is not an action; there are ${strictness.slice(0, 2).join(', ')}`);
}
