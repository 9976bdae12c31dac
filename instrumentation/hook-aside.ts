import type { LoadHook } from 'node:module';
import { announcement, sourceText, type AsideData } from './hook.ts';

/** Runs on the thread of Node's module hooks, only in versions of Node where hooks in the application's thread break. */
let namesOf: AsideData['namesOf'] = {};

export function initialize(data: AsideData): void {
  ({ namesOf } = data);
}

export const load: LoadHook = async (url, context, next) => {
  const result = await next(url, context);
  if (result.format !== 'module' || result.source === undefined || result.source === null) return result;
  const inside = /.*\/node_modules\/(?:@[^/]+\/)?[^/]+\/(.+)\.m?js$/.exec(url)?.[1];
  const names = inside === undefined ? undefined : namesOf[inside];
  if (names === undefined) return result;
  const source = sourceText(result.source);
  return { ...result, source: source + announcement(url, names, source) };
};
