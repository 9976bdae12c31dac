import { levelText, readLevel } from './quantity.ts';
import type { Threshold } from './rule.ts';

/** Thresholds that many want, by name: `preset: 70-90-110`. */
export const presets: Readonly<Record<string, readonly Threshold[]>> = {
  '70-90-110': [actual('70%', 'warning'), actual('90%', 'critical'), actual('110%', 'critical')],
  '80-120': [actual('80%', 'warning'), actual('120%', 'critical')],
};

/** Specified, but they need revenue. */
export const laterPresets: readonly string[] = ['margin-50-80'];

function actual(at: string, severity: string): Threshold {
  const level = readLevel(at);
  return { basis: 'actual', at: level, label: levelText(level), severity, forUs: 0, action: undefined };
}
