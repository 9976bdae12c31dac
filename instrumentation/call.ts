import type { Attributes, SpanContext } from '@opentelemetry/api';
import type { Counts } from '../pricing/usage/usage.ts';
import { emptyAnswer, isJson, type AnswerFacts, type Json, type RequestFacts, type WireApi } from './apis/api.ts';
import { waitFor } from './background.ts';
import { contentOf, type Content, type ContentCapture } from './content.ts';
import { isErrorEvent, statusOf } from './error-status.ts';
import { errorType } from './error-type.ts';
import { estimateByRule, textsOf, type TokenEstimate } from './estimate.ts';
import type { FinishedCall } from './finished-call.ts';
import type { Admission } from './guard/guard.ts';
import { failed, guarded } from './contain.ts';
import { serverOf, type Server } from './provider.ts';
import type { OpenCall } from './recording.ts';
import { attr, marker, put } from './semconv.ts';
import { describeUsage, type Asked } from './usage.ts';

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
    const { counts, texts } = describeUsage(this.#asked(), attributes, whole, counted);
    this.#counts = counts;
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

  #asked(): Asked {
    const region = this.#server?.region;
    const { api, provider, request } = this;
    return { api, provider, request, body: this.#begun.body, answer: this.#answer, answered: this.#answered, region };
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
}
