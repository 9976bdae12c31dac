/**
 * JSON whose numbers keep their digits. JSON.parse turns every number into a double, and 64-bit integers may be sent as
 * plain numbers; so one that a double can't hold is kept as its source text (JSON.rawJSON), which JSON.stringify writes
 * back digit for digit.
 */
export interface RawNumber {
  readonly rawJSON: string;
}
export type JsonValue = string | number | boolean | null | RawNumber | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined;
}

/** In Node since 21 (V8 11.4), but not in TypeScript's library for ES2024. */
type ReviverContext = { readonly source?: string };
type ParseWithSource = (
  text: string,
  reviver?: (key: string, value: unknown, context: ReviverContext) => unknown,
) => unknown;
const json = JSON as unknown as {
  parse: ParseWithSource;
  stringify: (value: JsonValue) => string;
  rawJSON(text: string): RawNumber;
  isRawJSON(value: unknown): value is RawNumber;
};

/**
 * Numbers that may not survive: 16 characters or more (a double keeps 15 digits always), with an exponent, or minus zero.
 * A match inside a string only costs the slower parse.
 */
const RISKY_NUMBER = /[:[,\s]-?(?:[\d.]{16}|[\d.]+[eE])|[:[,\s]-0/;

/** Throws a SyntaxError, or a RangeError where the nesting is too deep. */
export function parseJson(text: string): JsonValue {
  if (!RISKY_NUMBER.test(text)) return json.parse(text) as JsonValue;
  return json.parse(text, (_key, value, { source }) => {
    if (typeof value !== 'number' || source === undefined) return value;
    return Object.is(value, -0) || String(value) !== source ? json.rawJSON(source) : value;
  }) as JsonValue;
}

export function stringifyJson(value: JsonValue): string {
  return json.stringify(value);
}

/** The digits of a number, or a string as it is: how OTLP/JSON sends 64-bit integers. */
export function numberText(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  return json.isRawJSON(value) ? value.rawJSON : undefined;
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !json.isRawJSON(value);
}
