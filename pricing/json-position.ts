/** A place in a JSON document: keys and indexes from the top. */
export type JsonPath = readonly (string | number)[];

/**
 * Line and column (from 1) of a value in JSON text that parses. Only used once something is wrong, so that reading a good
 * file stays fast; where the path leads nowhere, the nearest value above it.
 *
 * @example positionOf('{"a": [1,\n 2]}', ['a', 1]) // { line: 2, column: 2 }
 */
export function positionOf(text: string, path: JsonPath): { line: number; column: number } {
  let offset = skipSpace(text, 0);
  for (const step of path) {
    const child = typeof step === 'number' ? itemAt(text, offset, step) : memberOf(text, offset, step);
    if (child === undefined) break;
    offset = child;
  }
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}

function memberOf(text: string, start: number, key: string): number | undefined {
  if (text[start] !== '{') return undefined;
  for (let at = skipSpace(text, start + 1); text[at] !== '}' && at < text.length;) {
    const end = endOfString(text, at);
    const value = skipSpace(text, skipSpace(text, end) + 1);
    if (JSON.parse(text.slice(at, end)) === key) return value;
    at = skipComma(text, endOfValue(text, value));
  }
  return undefined;
}

function itemAt(text: string, start: number, index: number): number | undefined {
  if (text[start] !== '[') return undefined;
  let left = index;
  for (let at = skipSpace(text, start + 1); text[at] !== ']' && at < text.length; left--) {
    if (left === 0) return at;
    at = skipComma(text, endOfValue(text, at));
  }
  return undefined;
}

function endOfValue(text: string, start: number): number {
  if (text[start] === '"') return endOfString(text, start);
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const char = text[at];
    if (char === '"') at = endOfString(text, at) - 1;
    else if (char === '{' || char === '[') depth++;
    else if (char === '}' || char === ']') {
      if (depth === 0) return at;
      depth--;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && char === ',') return at;
  }
  return text.length;
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}

function skipComma(text: string, start: number): number {
  const at = skipSpace(text, start);
  return text[at] === ',' ? skipSpace(text, at + 1) : at;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (at < text.length && ' \t\r\n'.includes(text[at] ?? '')) at++;
  return at;
}
