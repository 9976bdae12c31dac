/** Reads a parsed file strictly: each reader takes a value, reports what is wrong with it where it stands, and goes on. */
import type { Micros } from './charge.ts';
import type { JsonPath } from './json-position.ts';

/** A value and where it stands. Paths are only put together for a report: nearly all files are good. */
export interface Node {
  readonly value: unknown;
  readonly above: Node | undefined;
  readonly key: string | number;
  readonly report: (node: Node, what: string) => void;
}

export function pathOf({ above, key }: Node): JsonPath {
  return above === undefined ? [] : [...pathOf(above), key];
}

export function child(node: Node, key: string | number, value: unknown): Node {
  return { value, above: node, key, report: node.report };
}

/** Gives the fields of an object by name, and reports what is no object or has unknown keys. */
export function open(node: Node, known: readonly string[]): (key: string) => Node {
  const object = asObject(node);
  for (const key in object)
    if (!known.includes(key)) node.report(child(node, key, undefined), `unknown key; known are ${known.join(', ')}`);
  return (key) => child(node, key, object[key]);
}

export function members(node: Node): [string, Node][] {
  if (node.value === undefined) return [];
  return Object.entries(asObject(node)).map(([key, value]) => [key, child(node, key, value)]);
}

function asObject(node: Node): Readonly<Record<string, unknown>> {
  if (typeof node.value === 'object' && node.value !== null && !Array.isArray(node.value))
    return node.value as Readonly<Record<string, unknown>>;
  node.report(node, 'needs an object');
  return {};
}

export function items(node: Node): Node[] {
  if (node.value === undefined) return [];
  if (!Array.isArray(node.value)) {
    node.report(node, 'needs a list');
    return [];
  }
  return node.value.map((value: unknown, index) => child(node, index, value));
}

export function text(node: Node): string {
  if (typeof node.value === 'string' && node.value !== '') return node.value;
  node.report(node, 'needs a text in quotes');
  return '';
}

export function count(node: Node): number {
  if (Number.isSafeInteger(node.value) && Number(node.value) >= 0) return Number(node.value);
  node.report(node, 'needs a whole number');
  return 0;
}

export function day(node: Node): string {
  const value = text(node);
  if (!/^\d{4}-\d\d-\d\d$/.test(value) || Number.isNaN(Date.parse(value)))
    node.report(node, `"${value}" is not a day such as "2026-09-23"`);
  return value;
}

export function instant(node: Node): Micros {
  const value = text(node);
  const at = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?$/.test(value) ? Date.parse(value) : NaN;
  if (Number.isNaN(at)) node.report(node, `"${value}" is not a day or UTC instant such as "2026-08-16T16:00:00Z"`);
  return at * 1000;
}

export function pattern(node: Node): string {
  const value = text(node);
  if (value.startsWith('/'))
    try {
      RegExp(value.slice(1, -1));
    } catch (error) {
      node.report(node, error instanceof Error ? error.message : String(error));
    }
  return value;
}
