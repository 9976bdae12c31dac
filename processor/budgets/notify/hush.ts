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
 * Whether another alert that holds stands for this one. Labels that both lack are equal, and no alert that is source and
 * target at once hides its like: as in Alertmanager.
 */
export function isInhibited(
  rules: readonly InhibitRule[],
  { labels }: Pick<Alert, 'labels'>,
  firing: readonly Pick<Alert, 'labels'>[],
): boolean {
  return rules.some(({ source, target, equal }) => {
    if (!matchLabels(target)(labels)) return false;
    const both = matchLabels(source)(labels);
    return firing.some(
      (other) =>
        matchLabels(source)(other.labels) &&
        !(both && matchLabels(target)(other.labels)) &&
        equal.every((name) => (other.labels[name] ?? '') === (labels[name] ?? '')),
    );
  });
}

/** Whether somebody has said that this is known. */
export function isSilenced(silences: readonly Silence[], { labels }: Pick<Alert, 'labels'>, now: Micros): boolean {
  return silences.some(
    ({ matchers, startUs, endUs }) => startUs <= now && now < endUs && matchLabels(matchers)(labels),
  );
}
