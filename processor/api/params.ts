import { z } from 'zod';
import type { Micros } from '../../pricing/charge.ts';
import { isTimezone } from '../budgets/period.ts';
import { SpanledgerError } from '../errors.ts';
import { dimensionNames, type CostQuery, type DimensionName, type EntryQuery, type Matcher } from '../ledger.ts';
import { isDimension, parseMatchers } from '../matcher.ts';
import { nearest } from '../nearest.ts';
import { readCursor } from './entry-json.ts';
import { readTime } from './time.ts';

/** As they come: one string a parameter; `by` and `where` may be given more than once. */
export type Params = Readonly<Record<string, unknown>>;

export interface Clock {
  readonly now: Micros;
  /** Where no `tz` is given. */
  readonly timezone: string;
}

export interface CostsParams extends CostQuery {
  readonly top: number | undefined;
  readonly format: 'json' | 'csv';
}

const MAX_TEXT = 4_000;
const MAX_ENTRIES = 1_000;

const text = z.string('give it once').max(MAX_TEXT, `at most ${MAX_TEXT} characters`);
const list = z.union([text, z.array(text).transform((texts) => texts.join(','))]);
const where = list.transform((value, context): readonly Matcher[] => attempt(() => parseMatchers(value), context));
const by = list.transform((value, context) => attempt(() => readBy(value), context));
const tz = text.refine(isTimezone, 'no IANA time zone such as Europe/Berlin or UTC').optional();
const count = (max: number) =>
  text
    .regex(/^\d{1,9}$/, `a whole number from 1 to ${max}`)
    .transform(Number)
    .refine((value) => value >= 1 && value <= max, `a whole number from 1 to ${max}`);
const range = { from: text.optional(), to: text.optional(), where: where.optional() };

const costs = z.strictObject({
  ...range,
  by: by.optional(),
  tz,
  bucket: z.enum(['hour', 'day', 'month'], 'hour, day or month').optional(),
  top: count(1_000).optional(),
  format: z.enum(['json', 'csv'], 'json or csv').optional(),
});
const derivation = z.strictObject({ ...range, tz });
const entries = z.strictObject({
  ...range,
  tz,
  task_id: text.optional(),
  user_id: text.optional(),
  session_id: text.optional(),
  limit: count(MAX_ENTRIES).optional(),
  cursor: text.transform((value, context) => attempt(() => readCursor(value), context)).optional(),
});

/** @throws SpanledgerError `invalid_query` that names the parameter and what is allowed */
export function readCosts(params: Params, clock: Clock): CostsParams {
  const given = read(costs, params);
  return {
    ...readRange(given, clock),
    by: given.by ?? [],
    bucket: given.bucket,
    top: given.top,
    format: given.format ?? 'json',
  };
}

/** @throws SpanledgerError `invalid_query` that names the parameter and what is allowed */
export function readDerivation(params: Params, clock: Clock): Pick<CostQuery, 'where' | 'from' | 'to'> {
  return readRange(read(derivation, params), clock);
}

/** @throws SpanledgerError `invalid_query` that names the parameter and what is allowed */
export function readEntries(params: Params, clock: Clock): EntryQuery {
  const { task_id, user_id, session_id, limit, cursor, ...given } = read(entries, params);
  const ids = Object.fromEntries(
    Object.entries({ task_id, user_id, session_id }).filter(([, value]) => value !== undefined),
  );
  return { ...readRange(given, clock), ids, limit: limit ?? 100, after: cursor };
}

interface GivenRange {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly where?: readonly Matcher[] | undefined;
  readonly tz?: string | undefined;
}

function readRange(given: GivenRange, { now, timezone: usual }: Clock) {
  const timezone = given.tz ?? usual;
  const to = time('to', given.to ?? 'now', now, timezone);
  const from = time('from', given.from ?? '-30d', now, timezone);
  if (from >= to) throw invalid('from', 'is not before "to"');
  return { from, to, timezone, where: given.where ?? [] };
}

function time(name: string, value: string, now: Micros, timezone: string): Micros {
  try {
    return readTime(value, now, timezone);
  } catch (error) {
    if (error instanceof RangeError) throw invalid(name, error.message);
    throw error;
  }
}

function readBy(value: string): readonly DimensionName[] {
  const names = value.split(',').map((name) => name.trim());
  return names
    .filter((name) => name !== '')
    .map((name) => {
      if (isDimension(name)) return name;
      const hint = nearest(name, dimensionNames);
      throw new RangeError(
        `"${name}" is not a dimension; ${hint === undefined ? `there are ${dimensionNames.join(', ')}` : `did you mean "${hint}"?`}`,
      );
    });
}

function read<T extends z.ZodRawShape>(schema: z.ZodObject<T>, params: Params): z.output<z.ZodObject<T>> {
  const parsed = schema.safeParse(params);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue?.code === 'unrecognized_keys')
    throw invalid(issue.keys[0] ?? '', `there is no such parameter; there are ${Object.keys(schema.shape).join(', ')}`);
  throw invalid(String(issue?.path[0] ?? ''), messageOf(issue));
}

/** Of a union, what its first member says. */
function messageOf(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === 'invalid_union') return messageOf(issue.errors[0]?.[0]);
  return issue?.message ?? 'not understood';
}

function attempt<T>(parse: () => T, context: z.core.$RefinementCtx): T {
  try {
    return parse();
  } catch (error) {
    context.issues.push({
      code: 'custom',
      message: error instanceof Error ? error.message : String(error),
      input: undefined,
    });
    return z.NEVER;
  }
}

function invalid(name: string, message: string): SpanledgerError {
  return new SpanledgerError('invalid_query', `parameter "${name}": ${message}`);
}
