import type { Attributes } from '@opentelemetry/api';
import { outputTokens, type Counts } from '../pricing/usage/usage.ts';
import type { AnswerFacts, Json, RequestFacts, WireApi } from './apis/api.ts';
import { describeCounts } from './counts.ts';
import { estimateByRule, textsOf, type Texts, type TokenEstimate } from './estimate.ts';
import { attr, put } from './semconv.ts';

/** A call that is over, as far as its use goes. */
export interface Asked {
  readonly api: WireApi;
  readonly provider: string;
  readonly request: RequestFacts;
  readonly body: Json;
  readonly answer: AnswerFacts;
  /** The provider took the request. */
  readonly answered: boolean;
  /** As the host of the request says it. */
  readonly region: string | undefined;
}

/** What was used. */
export interface Use {
  /** Undefined: nothing is known. */
  readonly counts?: Counts;
  /** The texts whose tokens had to be estimated, where there are any. */
  readonly texts?: Texts | undefined;
}

const longestRaw = 4096;
const nothing: Use = {};

/**
 * Writes what a call used, and how that is known.
 *
 * @param whole the answer came to its natural end
 * @param counted in place of an estimate by rule
 */
export function describeUsage(call: Asked, attributes: Attributes, whole: boolean, counted?: TokenEstimate): Use {
  const { api, answer, request } = call;
  const reading = api.readUsage(answer.block, call.provider);
  if (answer.block !== undefined) attributes[attr.usageRaw] = JSON.stringify(answer.block).slice(0, longestRaw);
  put(attributes, attr.serviceTier, reading.tier ?? api.tierOf?.(answer));
  put(attributes, attr.region, reading.region ?? call.region);
  put(attributes, attr.audioTokens, reading.audioTokens);
  if (reading.usage.status === 'invalid') {
    attributes[attr.usageState] = 'absent';
    attributes[attr.usageInvalid] = reading.usage.detail;
    return nothing;
  }
  // What is billed by the piece is known without a usage block.
  const byPiece = answer.complete ? answer.extra : undefined;
  const known = reading.usage.status === 'known' ? reading.usage.counts : byPiece;
  if (known !== undefined && (answer.complete || !request.stream)) {
    const counts = answer.extra === undefined ? known : { ...known, ...answer.extra };
    describeCounts(attributes, counts);
    attributes[attr.usageState] = 'reported';
    return { counts };
  }
  if (known === undefined && !(call.answered && (request.stream || !answer.complete))) {
    attributes[attr.usageState] = 'absent';
    return nothing;
  }
  return estimate(call, attributes, known, whole, counted);
}

/** The stream told no usage, or was left before it told the whole of it. */
function estimate(
  { api, answer, request, body }: Asked,
  attributes: Attributes,
  known: Counts | undefined,
  whole: boolean,
  counted: TokenEstimate | undefined,
): Use {
  const estimated: string[] = [];
  const counts: Record<string, number> = { ...known, ...answer.extra };
  const texts: Texts = {
    model: request.model ?? answer.model,
    input: known === undefined ? textsOf(api.input(body)) : [],
    output: answer.text,
  };
  const { input, output } = counted ?? estimateByRule(texts);
  if (known === undefined) {
    counts['input'] = input;
    estimated.push('input');
  }
  // What was said before the end (Anthropic's start) is a placeholder: the text that came is worth at least its own tokens.
  if (output > (known === undefined ? 0 : outputTokens(known))) {
    counts['output'] = output - (counts['reasoning'] ?? 0);
    estimated.push('output');
  }
  describeCounts(attributes, counts);
  if (estimated.length > 0) attributes[attr.usageEstimated] = estimated;
  attributes[attr.usageState] = whole && known === undefined ? 'estimated' : 'incomplete';
  return { counts, texts: texts.output === '' && texts.input.length === 0 ? undefined : texts };
}
