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
const price = {
  price_id: z.string(),
  price_version: z.string(),
  source: z.enum(['list', 'contract', 'provider']),
};

export const derivationAnswer = z.strictObject({
  lines: z.array(
    z.strictObject({
      provider: z.string(),
      model: z.string(),
      card_provider: z.string().meta({ description: 'Whose rate card it is, where a provider sells models of others' }),
      ...price,
      ...line,
      calls: whole,
    }),
  ),
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
      amount: z.string().nullable().meta({ description: 'Null where it is a share of a revenue that is not known' }),
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

const costRow = z.strictObject({ ...each(dimension.optional()), other: z.literal(true).optional(), ...sums });

export const overviewAnswer = z.strictObject({
  from: time,
  to: time,
  total: z.strictObject(sums),
  untagged: z
    .strictObject({ customer_id: whole, feature: whole })
    .meta({ description: 'Calls that do not say whom or what they were for' }),
  features: z.array(costRow),
  models: z.array(costRow),
  customers: z.array(costRow),
  plans: z.array(costRow.extend({ customers: whole.meta({ description: 'Customers with a call' }) })),
  buckets: z.array(costRow.extend({ bucket: time })),
  growth: z
    .strictObject({
      from: time,
      to: time,
      previous: z.strictObject({ from: time, to: time }),
      rows: z.array(costRow.extend(compared)),
      total: z.strictObject({ ...sums, ...compared }),
    })
    .meta({ description: 'Features, the last seven days against the seven before, whatever the range' }),
});

export const candidatesAnswer = z.strictObject({
  from: time,
  to: time,
  price_version: z.string(),
  looked_at: whole.meta({ description: 'The newest calls whose size was looked at; with fewer in the range, all' }),
  rows: z.array(
    z.strictObject({
      feature: dimension,
      provider: z.string(),
      model: z.string(),
      calls: whole,
      cost_usd: usd,
      input_tokens: whole,
      output_tokens: whole,
      largest_tokens: whole.nullable().meta({
        description:
          'Input and output of the largest of them that was looked at; null: none was, and candidates hold what its model holds',
      }),
      candidates: z.array(
        z.strictObject({
          provider: z.string(),
          model: z.string(),
          price_id: z.string(),
          context_window: whole,
          cost_usd: usd.meta({ description: 'The same tokens at today’s standard price, no input read from a cache' }),
          saving_usd: usd,
          lines: z.array(z.strictObject(line)),
        }),
      ),
    }),
  ),
});

export const concentrationAnswer = z.strictObject({
  from: time,
  to: time,
  name: z.enum(dimensionNames),
  values: whole,
  cost_usd: usd,
  average_usd: usdOrNull,
  top_twentieth: z.strictObject({ values: whole, cost_usd: usd, share }),
  for_80_percent: whole.nullable().meta({ description: 'The fewest values that make 80 % of the cost' }),
  ten_times_average: z.array(z.strictObject({ value: z.string(), cost_usd: usd, times: z.number() })),
  without: z.strictObject({ calls: whole, cost_usd: usd }).meta({ description: 'Calls without the tag' }),
});

const few = { calls: whole, cost_usd: usdOrNull, unpriced_calls: whole };
const counts = z.record(z.string(), whole);
const untagged = z.strictObject({ tag: z.enum(dimensionNames), ...few });
export const qualityAnswer = z.strictObject({
  from: time,
  to: time,
  total: z.strictObject(few),
  untagged: z.array(untagged).meta({ description: 'Calls without this tag, for each that every call should have' }),
  by_service: z.array(z.strictObject({ service: dimension, ...few, untagged: z.array(untagged) })),
  unpriced: z.array(
    z.strictObject({
      provider: z.string(),
      model: z.string(),
      calls: whole,
      input_tokens: whole,
      output_tokens: whole,
    }),
  ),
  impossible_times: z
    .strictObject({ before: z.strictObject({ to: time, ...few }), after: z.strictObject({ from: time, ...few }) })
    .meta({ description: 'Calls of the whole ledger that began before there were any, or have not begun yet' }),
  looked_at: z
    .strictObject({
      calls: whole,
      usage_state: counts,
      usage_basis: counts,
      unpriced_reason: counts,
      price_source: counts,
      dialect: counts,
      renamed: z
        .array(
          z.strictObject({
            provider: z.string(),
            model: z.string(),
            sent_provider: z.string(),
            sent_model: z.string(),
            calls: whole,
          }),
        )
        .meta({ description: 'Names that calls came with, where rate cards have another one' }),
    })
    .meta({ description: 'What only calls themselves say: of the newest ones; with fewer in the range, of all' }),
  prices: z.strictObject({
    version: z.string(),
    checked: z.string(),
    age_days: whole,
    stale: z.boolean(),
    held: whole,
  }),
  since_start: z
    .strictObject({
      at: time,
      calls: whole,
      duplicates: whole,
      unpriced: counts,
      not_reported: counts,
      untagged: counts,
      nested: whole,
      aggregates: whole,
      settled_aggregates: counts,
      open_calls: counts,
      unreadable_spans: whole,
      refused_requests: counts,
    })
    .meta({ description: 'What this processor received since it was started, as in /metrics' }),
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
