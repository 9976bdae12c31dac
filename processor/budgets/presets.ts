import { levelText, readLevel } from './quantity.ts';
import type { Threshold } from './rule.ts';

/** Thresholds that many want, by name: `preset: 70-90-110`. */
export const presets: Readonly<Record<string, readonly Threshold[]>> = {
  '70-90-110': [actual('70%', 'warning'), actual('90%', 'critical'), actual('110%', 'critical')],
  '80-120': [actual('80%', 'warning'), actual('120%', 'critical')],
  'margin-50-80': [margin('50%', 'warning'), margin('80%', 'critical')],
};

function actual(at: string, severity: string): Threshold {
  return threshold('actual', at, severity);
}

/** Of revenue. */
function margin(at: string, severity: string): Threshold {
  return threshold('margin', at, severity);
}

function threshold(basis: Threshold['basis'], at: string, severity: string): Threshold {
  const level = readLevel(at);
  return { basis, at: level, label: levelText(level), severity, forUs: 0, action: undefined };
}
