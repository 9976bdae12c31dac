import type { Micros } from '../../../pricing/charge.ts';
import { matchLabels } from '../../matcher.ts';
import type { Alert } from '../alert.ts';
import { isWithin } from '../time-interval.ts';
import type { InhibitRule, Route } from './settings.ts';
import type { Silence } from './silences.ts';

/** Whether a route tells nobody of anything now. */
export function isMuted({ mute, active }: Pick<Route, 'mute' | 'active'>, now: Micros): boolean {
  const within = (interval: (typeof mute)[number]): boolean => isWithin(interval, now);
  return mute.some(within) || (active.length > 0 && !active.some(within));
}

/**
 * Tells whether another alert that holds now stands for one. Labels that both lack are equal, and no alert that is source and
 * target at once hides its like: as in Alertmanager.
 */
export function inhibitionBy(
  rules: readonly InhibitRule[],
  firing: () => readonly Pick<Alert, 'labels'>[],
): (alert: Pick<Alert, 'labels'>) => boolean {
  // The alerts that hold are gone through once, whatever is asked: there may be 100,000 of either.
  let alerts: readonly Pick<Alert, 'labels'>[] | undefined;
  const tests = rules.map(({ source, target, equal }) => {
    const [isSource, isTarget] = [matchLabels(source), matchLabels(target)];
    const keyOf = (labels: Alert['labels']): string => JSON.stringify(equal.map((name) => labels[name] ?? ''));
    let sources: ReadonlySet<string> | undefined;
    let pure: ReadonlySet<string> | undefined;
    return ({ labels }: Pick<Alert, 'labels'>): boolean => {
      if (!isTarget(labels)) return false;
      if (sources === undefined || pure === undefined) {
        const found = (alerts ??= firing()).filter((alert) => isSource(alert.labels));
        sources = new Set(found.map((alert) => keyOf(alert.labels)));
        pure = new Set(found.filter((alert) => !isTarget(alert.labels)).map((alert) => keyOf(alert.labels)));
      }
      return (isSource(labels) ? pure : sources).has(keyOf(labels));
    };
  });
  return (alert) => tests.some((test) => test(alert));
}

/** Tells whether somebody has said that an alert is known. */
export function silenceBy(silences: readonly Silence[], now: Micros): (alert: Pick<Alert, 'labels'>) => boolean {
  const tests = silences
    .filter(({ startUs, endUs }) => startUs <= now && now < endUs)
    .map(({ matchers }) => matchLabels(matchers));
  return ({ labels }) => tests.some((test) => test(labels));
}
