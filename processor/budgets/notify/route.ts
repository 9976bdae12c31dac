import { matchLabels } from '../../matcher.ts';
import type { Channel, Notify, Route } from './settings.ts';

/**
 * The routes that an alert takes, at most one to each receiver: as in Alertmanager, the deepest one of the first branch
 * that matches, and of the branches after it where that one says `continue`.
 *
 * @example routesOf(tree, { severity: 'critical' }).map(({ receiver }) => receiver) // ['pager']
 */
export function routesOf(root: Route, labels: Readonly<Record<string, string>>): readonly Route[] {
  const receivers = new Set<string>();
  return walk(root, labels).filter(({ receiver }) => !receivers.has(receiver) && receivers.add(receiver));
}

/** One channel, for everything. */
export function everythingTo(channel: Channel): Notify {
  return { always: [channel], receivers: [], route: undefined, inhibit: [], silences: undefined };
}

/** The channels of a section, in its order. */
export function channelsOf({ always, receivers }: Notify): readonly Channel[] {
  return [...always, ...receivers.flatMap(({ channels }) => channels)];
}

/** All routes of a tree, itself first. */
export function allRoutes(root: Route): readonly Route[] {
  return [root, ...root.routes.flatMap(allRoutes)];
}

/** Regular expressions are compiled once: there may be 100,000 alerts. */
const tests = new WeakMap<Route, ReturnType<typeof matchLabels>>();

function testOf(route: Route): ReturnType<typeof matchLabels> {
  const test = tests.get(route) ?? matchLabels(route.matchers);
  tests.set(route, test);
  return test;
}

function walk(route: Route, labels: Readonly<Record<string, string>>): readonly Route[] {
  const taken: Route[] = [];
  for (const below of route.routes) {
    if (!testOf(below)(labels)) continue;
    taken.push(...walk(below, labels));
    if (!below.goOn) break;
  }
  return taken.length > 0 ? taken : [route];
}
