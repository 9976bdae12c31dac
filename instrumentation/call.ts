import type { Attributes, SpanContext } from '@opentelemetry/api';
import { units, type Unit } from '../pricing/usage/units.ts';
import { outputTokens, type Counts } from '../pricing/usage/usage.ts';
import { emptyAnswer, isJson, type AnswerFacts, type Json, type RequestFacts, type WireApi } from './apis/api.ts';
import { waitFor } from './background.ts';
import { contentOf, type Content, type ContentCapture } from './content.ts';
import { errorType } from './error-type.ts';
import { estimateByRule, textsOf, type Texts, type TokenEstimate } from './estimate.ts';
import type { Admission } from './guard/guard.ts';
import { failed, guarded } from './contain.ts';
import { serverOf, type Server } from './provider.ts';
import type { OpenCall } from './recording.ts';
import { attr, marker, usagePrefix } from './semconv.ts';

/** A call that is over, ready to become a span. Times are milliseconds since the Unix epoch. */
export interface FinishedCall {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** The span that was active in the application. */
  readonly parent: SpanContext | undefined;
  readonly attributes: Attributes;
  /** `error.type`, where the call failed for the application. */
  readonly error: string | undefined;
  /** An event at its end, of the same name always. */
  readonly event?: Attributes;
  /** What the announcement of the call gave, where it was open for long. */
  readonly opened?: unknown;
  /** The ids of its span, where the same call must be the same span whenever it is recorded; then it has no parent. */
  readonly ids?: { readonly traceId: string; readonly spanId: string };
  /** Where counts were made by the rule of estimate.ts: of which texts, and the same call by a better count. */
  readonly estimated?: { readonly texts: Texts; readonly by: (tokens: TokenEstimate) => FinishedCall };
}

export interface CallStart {
  readonly api: WireApi;
  /** The request as the application made it. */
  readonly body: Json;
  /** The path of the URL, without the query. */
  readonly path: string;
  readonly server: Server | undefined;
  /** The client's own provider, for hosts that nobody knows. */
  readonly provider: string;
  readonly tags: Attributes;
  /** The span that is active in the application. */
  readonly parent: SpanContext | undefined;
  /** Where what is said is written, where it is. */
  readonly capture?: ContentCapture | undefined;
}

/** What whoever reads an answer tells of it. */
export type Listener = Pick<Call, 'request' | 'libraryReads' | 'body' | 'event' | 'complete' | 'end' | 'fail'> & {
  /** Wants the text as it comes, in place of what it means; false when it wants no more of it. Does not throw. */
  readonly text?: (text: string, end: boolean) => boolean;
};

/** Listens to nothing: for a second reader of an answer that is observed already. */
export function deaf({ request }: Pick<Listener, 'request'>): Listener {
  const nothing = (): void => {};
  return {
    request,
    libraryReads: false,
    body: nothing,
    event: nothing,
    complete: nothing,
    end: nothing,
    fail: nothing,
  };
}

/** For a look at an answer that is made in the background: only the finished answer says anything of the call. */
export function patient(call: Call): Listener {
  const nothing = (): void => {};
  return {
    request: call.request,
    libraryReads: false,
    body: (body) => call.body(body),
    event: (event) => call.event(event),
    complete: () => call.complete(),
    end: nothing,
    fail: nothing,
  };
}

/** Units whose place in the totals has a name in the conventions. */
const conventional: ReadonlySet<string> = new Set(['input', 'cache_read', 'cache_write', 'output', 'reasoning']);
const longestRaw = 4096;

/**
 * The life of one logical call: it begins, takes one or more attempts, is answered (whole or in events), and ends exactly
 * once, whatever happens. Nothing here throws.
 */
export class Call {
  /** `gen_ai.provider.name`. */
  readonly provider: string;
  /** HTTP attempts. */
  attempts = 1;
  ended = false;
  /** Its answer is made in the background: nobody has to hold a response for it to be alive. */
  waiting = false;
  /** The client library reads the body itself and says what became of it: a look at the response must not come between. */
  libraryReads = false;
  readonly api: WireApi;
  request: RequestFacts;
  readonly #answer: AnswerFacts = emptyAnswer();
  readonly #start = Date.now();
  /** When it began, by the clock that cannot be set. */
  readonly clock = performance.now();
  announced = false;
  /** The response, for as long as it has not been looked whether anybody reads it. */
  held: object | undefined;
  /** It is told when its response is garbage. */
  watched = false;
  /** What the guard has said, where it was asked. */
  admission: Admission | undefined;
  /** The model first asked for, where another is called in its place. */
  #fallbackFrom: string | undefined;
  #counts: Counts | undefined;
  #opened: unknown;
  readonly #begun: CallStart;
  readonly #done: (call: Call, finished: FinishedCall) => void;
  readonly #content: Content | undefined;
  #answered = false;
  #server: Server | undefined;

  constructor(begun: CallStart, done: (call: Call, finished: FinishedCall) => void) {
    this.api = begun.api;
    this.request = begun.api.request(begun.body, begun.path);
    this.#begun = begun;
    this.#server = begun.server;
    this.provider = begun.server?.provider ?? begun.provider;
    this.#answer.extra = this.request.extra;
    this.#done = done;
    this.#content = contentOf(begun.capture, begun.api.operation, begun.body);
  }

  /** Another model is called in the place of the one asked for. */
  replaces(model: string): void {
    this.#fallbackFrom = this.request.model;
    this.request = { ...this.request, model };
  }

  /** What was used, as far as it is known by now; undefined where nothing is. */
  get counts(): Counts | undefined {
    return this.#counts;
  }

  /** The model that answered. */
  get answeredBy(): string | undefined {
    return this.#answer.model;
  }

  /** Where the request really went, when that is only known once it has been sent. */
  reached(url: string): void {
    this.#server = serverOf(url) ?? this.#server;
  }

  /** Counts that came beside the body; a body that says more replaces them. */
  counted(block: unknown): void {
    this.#answer.block = block;
  }

  /** The answer turned out to come in events, whatever was asked for. */
  streams(): void {
    this.request = { ...this.request, stream: true };
  }

  /** The provider took the request: from here on the input is billed, whatever becomes of the answer. */
  answered(): void {
    this.#answered = true;
    if (this.api.binary === true) this.complete();
  }

  /** The whole answer. Ends the call. */
  body(body: unknown): void {
    if (this.ended) return;
    this.#content?.body(body);
    let id: string | undefined;
    if (isJson(body)) {
      try {
        this.api.readBody(body, this.#answer);
        id = this.api.pending?.(body);
      } catch (error) {
        failed(error);
      }
    } else this.#answer.complete = true;
    if (id === undefined) this.end();
    else {
      this.waiting = true;
      waitFor(id, this);
    }
  }

  /** The whole answer, as it was read before. Ends the call. */
  known(answer: AnswerFacts): void {
    Object.assign(this.#answer, answer);
    this.end();
  }

  /** One event of the answer. */
  event(event: unknown): void {
    if (this.ended || !isJson(event)) return;
    this.#content?.event(event);
    try {
      this.api.readEvent(event, this.#answer);
    } catch (error) {
      failed(error);
    }
  }

  /** Ends the call: the answer came to its natural end. */
  complete(): void {
    this.#answer.complete = true;
    this.end();
  }

  /** Ends the call with what is known: the answer is over, or nobody will ever read the rest. */
  end(): void {
    this.#end(this.#answer.error, undefined);
  }

  /** Ends the call as failed for the application. */
  fail(error: unknown): void {
    this.#end(guarded(() => errorType(error)) ?? '_OTHER', error);
  }

  /** Ends the call as refused by the provider with an HTTP status, where nothing else is known. */
  failStatus(status: number): void {
    this.#end(String(status), { status });
  }

  /** Announces the call, which is still open. */
  announce(tell: (call: OpenCall) => unknown): void {
    this.announced = true;
    const { api, request } = this;
    const { tags, parent, body } = this.#begun;
    const attributes: Attributes = { ...tags, [attr.provider]: this.provider };
    put(attributes, attr.requestModel, request.model);
    put(attributes, attr.requestMaxTokens, request.maxTokens);
    attributes[marker.inputTokens] = estimateByRule({
      model: request.model,
      input: textsOf(api.input(body)),
      output: '',
    }).input;
    this.#opened = tell({ name: this.#name(), start: this.#start, parent, attributes });
  }

  #name(): string {
    const { model } = this.request;
    return model === undefined ? this.api.operation : `${this.api.operation} ${model}`;
  }

  #end(type: string | undefined, error: unknown): void {
    if (this.ended) return;
    this.ended = true;
    const end = this.#start + (performance.now() - this.clock);
    let finished: FinishedCall;
    try {
      finished = this.#finish(end, type, error);
    } catch (problem) {
      return failed(problem);
    }
    this.#done(this, finished);
  }

  #finish(end: number, error: string | undefined, cause: unknown, counted?: TokenEstimate): FinishedCall {
    const { api, request } = this;
    const { tags, parent } = this.#begun;
    const attributes: Attributes = {
      [attr.operation]: api.operation,
      [attr.provider]: this.provider,
      [attr.attempts]: this.attempts,
    };
    for (const name in tags) attributes[name] = tags[name];
    put(attributes, attr.requestModel, request.model);
    put(attributes, attr.fallbackFrom, this.#fallbackFrom ?? this.admission?.fallbackFrom);
    put(attributes, attr.requestMaxTokens, request.maxTokens);
    if (request.stream) attributes[attr.requestStream] = true;
    put(attributes, attr.serverAddress, this.#server?.host);
    put(attributes, attr.serverPort, this.#server?.port);
    this.#describeAnswer(attributes);
    // An error event is the provider's own end of a stream: nothing more was to come.
    const whole = isErrorEvent(cause) || (this.#answer.complete && error === undefined);
    const texts = this.#describeUsage(attributes, whole, counted);
    put(attributes, attr.errorType, error);
    const status = statusOf(cause);
    if (typeof status === 'number') attributes[attr.httpStatus] = status;
    const { span, event } = this.#begun.capture ?? {};
    const content = this.#content?.attributes();
    if (span === true) Object.assign(attributes, content);
    const name = this.#name();
    const call = { name, start: this.#start, end, parent, attributes, error };
    const finished: { -readonly [Key in keyof FinishedCall]: FinishedCall[Key] } = call;
    if (event === true && content !== undefined) finished.event = content;
    if (this.announced) finished.opened = this.#opened;
    if (texts === undefined || counted !== undefined) return finished;
    return { ...finished, estimated: { texts, by: (tokens) => this.#finish(end, error, cause, tokens) } };
  }

  #describeAnswer(attributes: Attributes): void {
    const answer = this.#answer;
    put(attributes, attr.responseModel, answer.model);
    put(attributes, attr.responseId, answer.id);
    put(attributes, attr.openaiServiceTier, answer.openaiTier);
    const { finishReasons: reasons } = answer;
    if (reasons.length === 0) return;
    attributes[attr.finishReasons] = reasons.includes(undefined)
      ? reasons.filter((reason) => reason !== undefined)
      : reasons;
  }

  /** The texts whose tokens had to be estimated, where there are any. */
  #describeUsage(attributes: Attributes, whole: boolean, counted: TokenEstimate | undefined): Texts | undefined {
    const answer = this.#answer;
    const reading = this.api.readUsage(answer.block, this.provider);
    if (answer.block !== undefined) attributes[attr.usageRaw] = JSON.stringify(answer.block).slice(0, longestRaw);
    const tier = reading.tier ?? this.api.tierOf?.(answer);
    put(attributes, attr.serviceTier, tier);
    put(attributes, attr.region, reading.region ?? this.#server?.region);
    put(attributes, attr.audioTokens, reading.audioTokens);
    if (reading.usage.status === 'invalid') {
      attributes[attr.usageState] = 'absent';
      attributes[attr.usageInvalid] = reading.usage.detail;
      return undefined;
    }
    // What is billed by the piece is known without a usage block.
    const byPiece = answer.complete ? answer.extra : undefined;
    const known = reading.usage.status === 'known' ? reading.usage.counts : byPiece;
    if (known !== undefined && (answer.complete || !this.request.stream)) {
      this.#counts = answer.extra === undefined ? known : { ...known, ...answer.extra };
      describeCounts(attributes, this.#counts);
      attributes[attr.usageState] = 'reported';
      return undefined;
    }
    return this.#estimate(attributes, known, whole, counted);
  }

  /** The stream told no usage, or was left before it told the whole of it. */
  #estimate(
    attributes: Attributes,
    known: Counts | undefined,
    whole: boolean,
    counted: TokenEstimate | undefined,
  ): Texts | undefined {
    const answer = this.#answer;
    const took = this.#answered && (this.request.stream || !answer.complete);
    if (known === undefined && !took) {
      attributes[attr.usageState] = 'absent';
      return undefined;
    }
    const estimated: string[] = [];
    const counts: Record<string, number> = { ...known, ...answer.extra };
    const texts: Texts = {
      model: this.request.model ?? answer.model,
      input: known === undefined ? textsOf(this.api.input(this.#begun.body)) : [],
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
    this.#counts = counts;
    describeCounts(attributes, counts);
    if (estimated.length > 0) attributes[attr.usageEstimated] = estimated;
    attributes[attr.usageState] = whole && known === undefined ? 'estimated' : 'incomplete';
    return texts.output === '' && texts.input.length === 0 ? undefined : texts;
  }
}

function put(attributes: Attributes, name: string, value: string | number | undefined): void {
  if (value !== undefined) attributes[name] = value;
}

/** Writes counts as the conventions' inclusive totals and parts, and what has no convention by its unit. */
export function describeCounts(attributes: Attributes, counts: Counts): void {
  let input = 0;
  let output = 0;
  let writes = 0;
  let reads = 0;
  let tokens = true;
  let first = true;
  // No lists of keys: this runs inside every call.
  for (const name in counts) {
    const unit = name as Unit;
    const count = counts[unit] ?? 0;
    const { kind, direction } = units[unit];
    tokens = kind === 'token' || (tokens && !first);
    first = false;
    if (kind === 'token' && direction === 'input') input += count;
    else if (kind === 'token') output += count;
    if (unit.startsWith('cache_write')) writes += count;
    else if (unit.startsWith('cache_read')) reads += count;
    if (count <= 0 || conventional.has(unit)) continue;
    attributes[`${usagePrefix}${unit}`] = count;
    const modal = modality.get(unit);
    if (modal !== undefined) attributes[modal] = Number(attributes[modal] ?? 0) + count;
  }
  // Where nothing is billed by the token, a total of 0 would say otherwise.
  if (tokens) {
    attributes[attr.inputTokens] = input;
    attributes[attr.outputTokens] = output;
  }
  if (reads > 0) attributes[attr.cacheRead] = reads;
  if (writes > 0) {
    attributes[attr.cacheWrite] = writes;
    attributes[attr.cacheCreation] = writes;
  }
  put(attributes, attr.reasoning, counts.reasoning);
}

/** What the conventions tell of the modalities, as parts of the totals. */
const modality: ReadonlyMap<Unit, string> = new Map([
  ['input_audio', attr.audioInput],
  ['cache_read_audio', attr.audioInput],
  ['output_audio', attr.audioOutput],
  ['input_image', attr.imageInput],
  ['cache_read_image', attr.imageInput],
  ['output_image', attr.imageOutput],
]);

function isErrorEvent(error: unknown): boolean {
  return isObject(error) && isObject(error['error']) && statusOf(error) === undefined;
}

/** Where client libraries keep the HTTP status of an error. */
function statusOf(error: unknown): unknown {
  if (!isObject(error)) return undefined;
  const { $metadata: metadata } = error;
  return isObject(metadata) ? metadata['httpStatusCode'] : (error['status'] ?? error['statusCode']);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
