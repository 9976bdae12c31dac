import { z } from 'zod';
import { unpricedReasons } from '../../pricing/charge.ts';
import { dimensionNames, type DimensionName } from '../ledger.ts';

/*
 * What the API answers. Strict: a field that is not here is a mistake, here or there; tests hold every answer against it.
 */

const usd = z
  .string()
  .regex(/^-?\d+(\.\d+)?$/)
  .meta({ description: 'US dollars, an exact decimal' });
const usdOrNull = usd.nullable().meta({ description: 'US dollars, an exact decimal; null where no call has a price' });
const time = z.iso.datetime().meta({ description: 'An instant, UTC' });
const whole = z.int();
const share = z.number().nullable();

const each = <T extends z.ZodType>(schema: T): Record<DimensionName, T> =>
  Object.fromEntries(dimensionNames.map((name) => [name, schema])) as Record<DimensionName, T>;
const dimension = z.string().meta({ description: "'' where the call carries no such tag" });

const sums = {
  calls: whole,
  cost_usd: usdOrNull,
  unpriced_calls: whole,
  input_tokens: whole,
  output_tokens: whole,
};
const compared = {
  previous: z.strictObject(sums).optional(),
  change_usd: usdOrNull.optional(),
  growth: share.optional().meta({ description: 'Change by what it was before; null where nothing was' }),
};

export const costsJson = z.strictObject({
  from: time,
  to: time,
  currency: z.literal('USD'),
  previous: z.strictObject({ from: time, to: time }).optional(),
  rows: z.array(
    z.strictObject({
      ...each(dimension.optional()),
      bucket: time.optional(),
      other: z.literal(true).optional(),
      ...sums,
      ...compared,
    }),
  ),
  total: z.strictObject({ ...sums, ...compared }),
});

const line = { unit: z.string(), quantity: z.number(), rate_usd: usd, rate_usd_per_million: usd, amount_usd: usd };
const price = { price_id: z.string(), price_version: z.string(), source: z.enum(['list', 'contract', 'provider']) };

export const derivationAnswer = z.strictObject({
  lines: z.array(z.strictObject({ provider: z.string(), model: z.string(), ...price, ...line, calls: whole })),
  unpriced: z.array(
    z.strictObject({
      provider: z.string(),
      model: z.string(),
      reason: z.enum(unpricedReasons),
      calls: whole,
      input_tokens: whole,
      output_tokens: whole,
    }),
  ),
  total_usd: usd,
});

const charge = z.discriminatedUnion('status', [
  z.strictObject({
    status: z.literal('priced'),
    amount_usd: usd,
    lines: z.array(z.strictObject(line)),
    ...price,
    provider: z.string(),
    model: z.string(),
  }),
  z.strictObject({ status: z.literal('unpriced'), reason: z.enum(unpricedReasons), detail: z.string() }),
]);

export const entry = z
  .strictObject({
    trace_id: z.string().regex(/^[0-9a-f]{32}$/),
    span_id: z.string().regex(/^[0-9a-f]{16}$/),
    rev: whole,
    effect: z.enum(['charge', 'reversal']),
    adjustment: z.string(),
    start: time,
    duration_ms: z.number(),
    ...each(dimension),
    operation: z.string(),
    dialect: z.string(),
    sent_provider: z.string(),
    sent_model: z.string(),
    region: z.string(),
    usage_state: z.string(),
    usage_basis: z.string(),
    usage: z.record(z.string(), z.number()),
    task_id: z.string(),
    user_id: z.string(),
    session_id: z.string(),
    response_id: z.string(),
    attempts: whole,
    fallback_from: z.string(),
    error: z.string(),
    tags: z.record(z.string(), z.string()),
    charge,
  })
  .meta({ id: 'Entry', description: 'One immutable line of the ledger' });

export const entriesAnswer = z.strictObject({
  entries: z.array(entry),
  next: z.string().nullable().meta({ description: 'The cursor of the next page; null on the last one' }),
});

export const callAnswer = z.strictObject({
  revisions: z.array(entry),
  adjustments: z.array(z.strictObject({ id: z.string(), revisions: z.array(whole) })),
  stands: entry.nullable().meta({ description: 'What counts now; null where the call was taken back' }),
});

export const dimensionsAnswer = z.strictObject({ dimensions: z.array(z.enum(dimensionNames)) });

export const valuesAnswer = z.strictObject({
  name: z.enum(dimensionNames),
  values: z.array(z.strictObject({ value: z.string(), calls: whole, cost_usd: usdOrNull })),
  more: z.boolean().meta({ description: 'Whether there are values beyond the limit' }),
});

export const budgetsAnswer = z.strictObject({
  budgets: z.array(
    z.strictObject({
      budget: z.string(),
      labels: z.record(z.string(), z.string()),
      period: z.strictObject({ kind: z.string(), start: time, end: time }),
      unit: z.string(),
      amount: z.string(),
      spent: z.string(),
      amount_usd: usdOrNull,
      spent_usd: usdOrNull,
      ratio: share,
      state: z.string(),
      thresholds: z.array(
        z.strictObject({
          at: share,
          level: z.string(),
          basis: z.string(),
          severity: z.string(),
          fired_at: time.nullable(),
        }),
      ),
      forecast: z
        .strictObject({
          expected: z.string(),
          low: z.string(),
          high: z.string(),
          ratio: share,
          method: z.string(),
        })
        .nullable(),
      unpriced_calls: whole,
      where: z.string(),
    }),
  ),
});

export const statusAnswer = z.looseObject({
  version: z.string(),
  ledger: z.looseObject({ kind: z.string(), location: z.string(), first: time.nullable() }),
  prices: z.looseObject({ version: z.string(), checked: z.string(), age_days: whole, models: whole }),
  received: z.looseObject({ spans: whole, calls: whole, duplicates: whole, other_spans: whole }),
  held_back: z
    .looseObject({
      aggregates: z.looseObject({ waiting: whole }),
      open_calls: z.looseObject({ waiting: whole }),
      nested: whole,
    })
    .meta({
      description:
        'Spans that are not charged as they come: how many wait, and what became of the others since the start, by reason (parts_known, inside_call, same_answer, no_trace, polling, charged, taken_back; ended, estimated, replaced)',
    }),
  forward: z.looseObject({ endpoint: z.string(), failed_spans: whole }).nullable(),
  now: time,
});

/** RFC 9457. */
export const problem = z
  .strictObject({
    type: z.string().meta({ description: 'Stable: urn:spanledger:error:CODE' }),
    title: z.string(),
    status: whole,
    detail: z.string().meta({ description: 'What is wrong, and what to do' }),
  })
  .meta({ id: 'Problem' });
