import type { z } from 'zod';
import {
  candidatesParams,
  concentrationParams,
  costsParams,
  derivationParams,
  entriesParams,
  noParams,
  overviewParams,
  qualityParams,
  valuesParams,
} from './params.ts';
import {
  budgetsAnswer,
  callAnswer,
  candidatesAnswer,
  concentrationAnswer,
  costsJson,
  derivationAnswer,
  dimensionsAnswer,
  entriesAnswer,
  overviewAnswer,
  qualityAnswer,
  statusAnswer,
  valuesAnswer,
} from './schemas.ts';

export interface Operation {
  /** Under `/api/v1/`; `{name}` is a part of the path. */
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  readonly params: z.ZodObject;
  readonly answer: z.ZodType;
  /** Besides JSON. */
  readonly formats?: readonly string[];
  /** An example of each part of the path. */
  readonly parts?: Readonly<Record<string, string>>;
}

/** Everything under `/api/v1/` that is read. The server's answers are held against this table by tests. */
export const operations: readonly Operation[] = [
  {
    path: 'costs',
    id: 'costs',
    summary: 'What calls cost, by any dimensions',
    params: costsParams,
    answer: costsJson,
    formats: ['text/csv', 'application/x-ndjson'],
  },
  {
    path: 'derivation',
    id: 'derivation',
    summary: 'Where a sum comes from: quantity x rate, lines that sum to the total exactly',
    params: derivationParams,
    answer: derivationAnswer,
  },
  {
    path: 'entries',
    id: 'entries',
    summary: 'The calls, the newest first',
    params: entriesParams,
    answer: entriesAnswer,
    formats: ['application/x-ndjson'],
  },
  {
    path: 'entries/{trace_id}/{span_id}',
    id: 'entry',
    summary: 'One call: as it came in, its adjustments, and what counts now',
    params: noParams,
    answer: callAnswer,
    parts: { trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: 'b7ad6b7169203331' },
  },
  {
    path: 'dimensions',
    id: 'dimensions',
    summary: 'What cost can be asked by',
    params: noParams,
    answer: dimensionsAnswer,
  },
  {
    path: 'dimensions/{name}',
    id: 'values',
    summary: 'The values that a dimension has had, the dearest first',
    params: valuesParams,
    answer: valuesAnswer,
    parts: { name: 'feature' },
  },
  {
    path: 'budgets',
    id: 'budgets',
    summary: 'How budgets stand in their running periods',
    params: noParams,
    answer: budgetsAnswer,
  },
  {
    path: 'overview',
    id: 'overview',
    summary: 'The tables of the first screen in one answer: by feature, model, customer, plan, over time, and growth',
    params: overviewParams,
    answer: overviewAnswer,
  },
  {
    path: 'candidates',
    id: 'candidates',
    summary: 'Cheaper models for what each feature uses, by the tokens alone: nothing is said of what they answer',
    params: candidatesParams,
    answer: candidatesAnswer,
  },
  {
    path: 'concentration',
    id: 'concentration',
    summary: 'How few customers (or other values of a dimension) make most of the cost',
    params: concentrationParams,
    answer: concentrationAnswer,
  },
  {
    path: 'quality',
    id: 'quality',
    summary: 'How far the figures can be trusted: what is missing, estimated, impossible or was held back',
    params: qualityParams,
    answer: qualityAnswer,
  },
  {
    path: 'status',
    id: 'status',
    summary: 'What the processor is and what it has received',
    params: noParams,
    answer: statusAnswer,
  },
];
