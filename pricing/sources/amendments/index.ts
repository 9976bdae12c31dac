/**
 * What no list says or all say wrong, read from the providers' own pages: each with its source and the day it was checked.
 * A model here replaces the imported one; a `factor` makes another tier's cards out of the standard ones. To add a
 * provider, add its file and a line here.
 */
import type { ModelAmendment } from './amendment.ts';
import { anthropicAmendments } from './anthropic.ts';
import { azureAmendments } from './azure.ts';
import { deepseekAmendments } from './deepseek.ts';
import { googleAmendments } from './google.ts';
import { groqAmendments } from './groq.ts';
import { mistralAmendments } from './mistral.ts';
import { openaiAmendments } from './openai.ts';
import { perplexityAmendments } from './perplexity.ts';
import { togetherAmendments } from './together.ts';
import { xaiAmendments } from './xai.ts';

export const modelAmendments: readonly ModelAmendment[] = [
  ...openaiAmendments,
  ...anthropicAmendments,
  ...deepseekAmendments,
  ...googleAmendments,
  ...groqAmendments,
  ...togetherAmendments,
  ...mistralAmendments,
  ...xaiAmendments,
  ...perplexityAmendments(),
  ...azureAmendments(),
];
export type { InheritAmendment, TierFactor } from './amendment.ts';
export { inheritAmendments } from './inherits.ts';
export { tierFactors } from './tiers.ts';
