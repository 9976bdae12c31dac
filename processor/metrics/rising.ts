import type { Point } from './exposition.ts';

/** Keeps counters from falling. */
export interface Rising {
  /** From here on values may fall; `points` are those of before. */
  begin(points: Iterable<Point>): void;
  /** The points, none below what it was before. */
  follow(points: Iterable<Point>): Generator<Point>;
}

/**
 * A counter that falls makes Prometheus see a restart and count all of it again. A correction downwards therefore holds its
 * counter where it is until spending has caught up; the ledger has the exact figure at once. Nothing is remembered before
 * the first correction.
 *
 * @example rising.begin(points()); … yield* rising.follow(points());
 */
export function createRising(): Rising {
  let highest: Map<string, number> | undefined;
  const keyOf = ({ metric, labels }: Point): string => JSON.stringify([metric, labels]);
  return {
    begin(points) {
      highest ??= new Map(Array.from(points, (point) => [keyOf(point), point.value]));
    },
    *follow(points) {
      for (const point of points) {
        if (highest === undefined) {
          yield point;
          continue;
        }
        const key = keyOf(point);
        const value = Math.max(point.value, highest.get(key) ?? 0);
        highest.set(key, value);
        yield { ...point, value };
      }
    },
  };
}
