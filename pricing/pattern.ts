/** Finds things by name: plain names first, then the pattern with the most literal text, so that no order can matter. */

export interface NameIndex<T> {
  find(name: string): T | undefined;
}

interface Entry<T> {
  readonly item: T;
  readonly names: readonly string[];
}

/**
 * Names are plain, contain `*`, or are a regular expression between slashes; case is ignored except in the last.
 *
 * @example indexNames([{ item: 1, names: ['gpt-4o*'] }, { item: 2, names: ['gpt-4o-mini*'] }]).find('gpt-4o-mini-x') // 2
 */
export function indexNames<T>(entries: readonly Entry<T>[]): NameIndex<T> {
  const exact = new Map<string, T>();
  const patterns: { readonly matches: (name: string) => boolean; readonly weight: number; readonly item: T }[] = [];
  for (const { item, names } of entries)
    for (const name of names) {
      if (name.startsWith('/') || name.includes('*'))
        patterns.push({ matches: matcher(name), weight: literalLength(name), item });
      else if (!exact.has(name.toLowerCase())) exact.set(name.toLowerCase(), item);
    }
  patterns.sort((a, b) => b.weight - a.weight);
  return {
    find: (name) => exact.get(name.toLowerCase()) ?? patterns.find((pattern) => pattern.matches(name))?.item,
  };
}

/** @example matches(['gpt-*'], 'GPT-4o') // true */
export function matches(names: readonly string[], name: string): boolean {
  return names.some((pattern) => matcher(pattern)(name));
}

function matcher(pattern: string): (name: string) => boolean {
  if (pattern.startsWith('/')) {
    let compiled: RegExp | undefined;
    return (name) => (compiled ??= new RegExp(pattern.slice(1, -1))).test(name);
  }
  const [first = '', ...rest] = pattern.toLowerCase().split('*');
  return (name) => {
    const folded = name.toLowerCase();
    if (rest.length === 0) return folded === first;
    if (!folded.startsWith(first)) return false;
    const last = rest.at(-1) ?? '';
    let at = first.length;
    for (const part of rest.slice(0, -1)) {
      const found = folded.indexOf(part, at);
      if (found === -1) return false;
      at = found + part.length;
    }
    return folded.length - last.length >= at && folded.endsWith(last);
  };
}

/** A regular expression is as specific as the plain characters in it. */
function literalLength(pattern: string): number {
  if (!pattern.startsWith('/')) return pattern.replaceAll('*', '').length;
  return pattern.replaceAll(/\\[dwsDWSbB]|\{\d+,?\d*\}|\[[^\]]*\]|\(\?[!<=]+|[\\^$.*+?()|/]/g, '').length;
}
