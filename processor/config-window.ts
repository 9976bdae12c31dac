import type { Micros } from '../pricing/charge.ts';
import { readDuration } from './budgets/duration.ts';
import type { Place, YamlReader } from './budgets/yaml.ts';

export interface WindowSettings {
  /** How long an agent's or workflow's span waits for the calls that it repeats: `window.settle`. */
  readonly settleUs: Micros;
  /** How long an announced call may be open before it is charged by estimate: `window.open_calls`. */
  readonly openUs: Micros;
}

export const defaultWindow: WindowSettings = { settleUs: 120_000_000, openUs: 900_000_000 };

const shape = { keys: ['settle', 'open_calls'] } as const;

/** `window`: how long what can't be charged at once is held back. */
export function readWindow(yaml: YamlReader, place: Place): WindowSettings {
  const fields = yaml.fields(place, shape);
  const time = (key: 'settle' | 'open_calls', least: string): Micros | undefined => {
    const at = fields?.get(key);
    return at === undefined ? undefined : yaml.value(at, (text) => readTime(text, least));
  };
  return {
    settleUs: time('settle', '1s') ?? defaultWindow.settleUs,
    openUs: time('open_calls', '10s') ?? defaultWindow.openUs,
  };
}

function readTime(text: string, least: string): Micros {
  const us = readDuration(text);
  if (us < readDuration(least) || us > readDuration('1d'))
    throw new RangeError(`"${text}" is not between ${least} and 1d`);
  return us;
}
