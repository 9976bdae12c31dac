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
  /** With the sums of the time before. */
  readonly compare: boolean;
  readonly format: 'json' | 'csv' | 'ndjson';
}

const MAX_TEXT = 4_000;
const MAX_ENTRIES = 1_000;

const plain = z.string('give it once').max(MAX_TEXT, `at most ${MAX_TEXT} characters`);
const text = (description: string, example: string) => plain.meta({ description, example }).optional();
const list = z.union([plain, z.array(plain).transform((texts) => texts.join(','))]);
const count = (max: number, description: string) =>
  plain
    .regex(/^\d{1,9}$/, `a whole number from 1 to ${max}`)
    .transform(Number)
    .refine((value) => value >= 1 && value <= max, `a whole number from 1 to ${max}`)
    .meta({ description: `${description}; at most ${max}`, example: '10' })
    .optional();
const format = <const T extends readonly ['json', ...string[]]>(choices: T) =>
  z
    .enum(choices, choices.join(', ').replace(/, (?=\w+$)/, ' or '))
    .meta({ description: 'How the answer is written; json if it is not given', example: choices.at(-1) })
    .optional();
const range = {
  from: text(
    'Where to begin, inclusive: an instant, a day, or -30d, -12h; the last 30 days if it is not given',
    '2026-11-01',
  ),
  to: text('Where to end, exclusive; now if it is not given', '2026-12-01'),
  where: list
    .transform((value, context): readonly Matcher[] => attempt(() => parseMatchers(value), context))
    .meta({
      description: 'Which calls: matchers as those of Prometheus, all of which must hold; may be repeated',
      example: 'plan="pro",feature!~"chat.*"',
    })
    .optional(),
  tz: plain
    .refine(isTimezone, 'no IANA time zone such as Europe/Berlin or UTC')
    .meta({
      description: 'Zone of days and months; that of the configuration if it is not given',
      example: 'Asia/Kolkata',
    })
    .optional(),
};

export const costsParams = z.strictObject({
  by: list
    .transform((value, context) => attempt(() => readBy(value), context))
    .meta({
      description: `Dimensions, separated by commas: ${dimensionNames.join(', ')}`,
      example: 'customer_id,feature',
    })
    .optional(),
  ...range,
  bucket: z
    .enum(['hour', 'day', 'month'], 'hour, day or month')
    .meta({ description: 'A row for each of these', example: 'day' })
    .optional(),
  top: count(1_000, 'The dearest groups; all others are one row'),
  compare: z
    .enum(['previous'], 'previous')
    .meta({
      description: 'Beside each sum that of the time before: of as many calendar months, else as long',
      example: 'previous',
    })
    .optional(),
  format: format(['json', 'csv', 'ndjson']),
});
export const derivationParams = z.strictObject(range);
export const entriesParams = z.strictObject({
  ...range,
  task_id: text('Only calls of this task', 'task-1'),
  user_id: text('Only calls of this user', 'ann'),
  session_id: text('Only calls of this session', 's-1'),
  limit: count(MAX_ENTRIES, 'Calls on a page (with ndjson: in all); 100 if it is not given'),
  cursor: plain
    .transform((value, context) => attempt(() => readCursor(value), context))
    .meta({ description: 'The "next" of the page before' })
    .optional(),
  format: format(['json', 'ndjson']),
});
export const valuesParams = z.strictObject({
  ...range,
  match: text('Only values that contain this, in capitals or not', 'acme'),
  limit: count(1_000, 'Values, the dearest first; 100 if it is not given'),
});
export const overviewParams = z.strictObject({
  ...range,
  bucket: z
    .enum(['hour', 'day'], 'hour or day')
    .meta({ description: 'Of the cost over time; day if it is not given', example: 'day' })
    .optional(),
  top: count(100, 'The dearest features, models and customers; 8 if it is not given'),
});
export const candidatesParams = z.strictObject({
  ...range,
  top: count(1_000, 'Features and models, those first that could save most; all if it is not given'),
  limit: count(20, 'Candidates of each; 3 if it is not given'),
});
export const concentrationParams = z.strictObject({
  by: plain
    .refine(isDimension, `one of ${dimensionNames.join(', ')}`)
    .meta({ description: 'The dimension; customer_id if it is not given', example: 'feature' })
    .optional(),
  ...range,
});
export const qualityParams = z.strictObject(range);
export const noParams = z.strictObject({});

/** @throws SpanledgerError `invalid_query` that names the parameter and what is allowed */
export function readCosts(params: Params, clock: Clock): CostsParams {
  const given = read(costsParams, params);
  const { bucket, compare } = given;
  if (bucket !== undefined && compare !== undefined) throw invalid('compare', 'goes without "bucket"');
  return {
    ...readRange(given, clock),
    by: given.by ?? [],
    bucket: given.bucket,
    top: given.top,
    compare: compare !== undefined,
    format: given.format ?? 'json',
  };
}

/** @throws SpanledgerError `invalid_query` that names the parameter and what is allowed */
export function readDerivation(params: Params, clock: Clock): Pick<CostQuery, 'where' | 'from' | 'to'> {
  return readRange(read(derivationParams, params), clock);
}

export interface EntriesParams extends EntryQuery {
  readonly format: 'json' | 'ndjson';
}

/** @throws SpanledgerError `invalid_query` that names the parameter and what is allowed */
export function readEntries(params: Params, clock: Clock): EntriesParams {
  const { task_id, user_id, session_id, limit, cursor, format: how = 'json', ...given } = read(entriesParams, params);
  const ids = Object.fromEntries(
    Object.entries({ task_id, user_id, session_id }).filter(([, value]) => value !== undefined),
  );
  const most = limit ?? (how === 'json' ? 100 : Number.POSITIVE_INFINITY);
  return { ...readRange(given, clock), ids, limit: most, after: cursor, format: how };
}

export interface ValuesParams extends CostQuery {
  readonly name: DimensionName;
  readonly match: string;
  readonly limit: number;
}

/** @throws SpanledgerError `invalid_query` that names the parameter and what is allowed */
export function readValues(name: string, params: Params, clock: Clock): ValuesParams {
  if (!isDimension(name)) throw invalid('name', `"${name}" is not a dimension; there are ${dimensionNames.join(', ')}`);
  const { match = '', limit = 100, ...given } = read(valuesParams, params);
  return { ...readRange(given, clock), name, by: [name], match, limit };
}

export type QualityParams = Omit<CostQuery, 'by'>;

/** @throws SpanledgerError `invalid_query` that names the parameter and what is allowed */
export function readQuality(params: Params, clock: Clock): QualityParams {
  return readRange(read(qualityParams, params), clock);
}

export interface OverviewParams extends QualityParams {
  readonly bucket: 'hour' | 'day';
  readonly top: number;
}

/** @throws SpanledgerError `invalid_query` that names the parameter and what is allowed */
export function readOverview(params: Params, clock: Clock): OverviewParams {
  const { bucket = 'day', top = 8, ...given } = read(overviewParams, params);
  return { ...readRange(given, clock), bucket, top };
}

export interface CandidatesParams extends QualityParams {
  readonly top: number | undefined;
  readonly limit: number;
}

/** @throws SpanledgerError `invalid_query` that names the parameter and what is allowed */
export function readCandidates(params: Params, clock: Clock): CandidatesParams {
  const { top, limit = 3, ...given } = read(candidatesParams, params);
  return { ...readRange(given, clock), top, limit };
}

export interface ConcentrationParams extends QualityParams {
  readonly name: DimensionName;
}

/** @throws SpanledgerError `invalid_query` that names the parameter and what is allowed */
export function readConcentration(params: Params, clock: Clock): ConcentrationParams {
  const { by = 'customer_id', ...given } = read(concentrationParams, params);
  return { ...readRange(given, clock), name: by };
}

/** For what takes none. */
export function readNothing(params: Params): void {
  read(noParams, params);
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
    throw invalid(
      issue.keys[0] ?? '',
      `there is no such parameter; there are ${Object.keys(schema.shape).join(', ') || 'none'}`,
    );
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
