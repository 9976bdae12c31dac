import type { Attributes } from '@opentelemetry/api';
import type { OpenCall } from './recording.ts';

/**
 * The attributes of a call span, complete. The names are our own constants because the npm package of the semantic
 * conventions is frozen at names that have since been renamed (GenAI moved to a repository of its own in 2026).
 *
 * One span for each logical call: scope `spanledger`, kind CLIENT, name `{operation} {request model}`, status ERROR when the call
 * failed for the application. Its parent is the span that was active in the application.
 *
 * | attribute | |
 * | --- | --- |
 * | `gen_ai.operation.name` | `chat`, `text_completion`, `embeddings`, … |
 * | `gen_ai.provider.name` | by the host that was called, else by the client library |
 * | `gen_ai.request.model`, `gen_ai.response.model`, `gen_ai.response.id`, `gen_ai.response.finish_reasons` | as sent and answered |
 * | `gen_ai.request.max_tokens`; `gen_ai.request.stream` (only `true`) | |
 * | `gen_ai.usage.input_tokens` | **with** cache reads, cache writes and every modality |
 * | `gen_ai.usage.output_tokens` | **with** reasoning and every modality |
 * | `gen_ai.usage.cache_read.input_tokens` | part of input |
 * | `gen_ai.usage.cache_write.input_tokens`, and the same number as `gen_ai.usage.cache_creation.input_tokens` | part of input, whatever the time to live |
 * | `gen_ai.usage.reasoning.output_tokens` | part of output |
 * | `spanledger.usage.<unit>` | a disjoint count by a name of `pricing/usage/units.ts`: every unit but `input`, `cache_read`, `cache_write`, `output` and `reasoning`, where it is not 0. It says how the totals above divide (`cache_write_5m`, `cache_write_1h`, `input_audio`, …) or adds what is no token (`web_search`, …) |
 * | `gen_ai.usage.audio.input_tokens`, `gen_ai.usage.image.input_tokens`; the same of output | part of input, of output; cached ones too |
 * | `spanledger.usage.audio_tokens` | of sound that is billed by the second: the provider counts them as well, they are part of nothing |
 * | `spanledger.usage.state` | `reported`; `estimated`; `incomplete` (aborted, cut or abandoned: what is known); `absent` (then there are no counts) |
 * | `spanledger.usage.estimated` | the directions (`input`, `output`) whose counts are estimates, where there are any (estimate.ts has the rule) |
 * | `spanledger.usage.invalid` | why the provider's block could not be read; then there are no counts and the state is `absent` |
 * | `spanledger.usage.raw` | the provider's usage block as JSON, at most 4,096 characters |
 * | `spanledger.service_tier`, `spanledger.region` | as served: `standard`, `batch`, `flex`, `priority` |
 * | `openai.response.service_tier` | OpenAI's own word for it |
 * | `spanledger.attempts` | HTTP attempts |
 * | `spanledger.fallback_from` | the model first asked for, where the guard has another called in its place |
 * | `server.address`, `server.port` | |
 * | `error.type`, `http.response.status_code` | only on failure: the provider's error code or type, else the error's class |
 * | `spanledger.customer_id`, `.feature`, `.route`, `.task_type`, `.task_id`, `.team`, `.plan`, `.workspace_id` | tags |
 * | `user.id`, `session.id`, `deployment.environment.name` | the tags `user_id`, `session_id`, `environment` |
 * | `spanledger.tag.<key>` | any other tag |
 *
 * A count of 0 is left out, except in the two totals. Resource: `service.name`, `service.namespace`, `service.version`,
 * `service.instance.id`, `deployment.environment.name`, `telemetry.sdk.*` and nothing else.
 *
 * Never written: keys, headers, URLs with a query; prompts, answers and tool arguments only where the application asks for it
 * (`OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT`).
 */
export const attr = {
  operation: 'gen_ai.operation.name',
  provider: 'gen_ai.provider.name',
  requestModel: 'gen_ai.request.model',
  requestMaxTokens: 'gen_ai.request.max_tokens',
  requestStream: 'gen_ai.request.stream',
  responseModel: 'gen_ai.response.model',
  responseId: 'gen_ai.response.id',
  finishReasons: 'gen_ai.response.finish_reasons',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  cacheRead: 'gen_ai.usage.cache_read.input_tokens',
  cacheWrite: 'gen_ai.usage.cache_write.input_tokens',
  cacheCreation: 'gen_ai.usage.cache_creation.input_tokens',
  reasoning: 'gen_ai.usage.reasoning.output_tokens',
  audioInput: 'gen_ai.usage.audio.input_tokens',
  audioOutput: 'gen_ai.usage.audio.output_tokens',
  imageInput: 'gen_ai.usage.image.input_tokens',
  imageOutput: 'gen_ai.usage.image.output_tokens',
  audioTokens: 'spanledger.usage.audio_tokens',
  openaiServiceTier: 'openai.response.service_tier',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  errorType: 'error.type',
  httpStatus: 'http.response.status_code',
  usageState: 'spanledger.usage.state',
  usageEstimated: 'spanledger.usage.estimated',
  usageInvalid: 'spanledger.usage.invalid',
  usageRaw: 'spanledger.usage.raw',
  serviceTier: 'spanledger.service_tier',
  region: 'spanledger.region',
  attempts: 'spanledger.attempts',
  fallbackFrom: 'spanledger.fallback_from',
} as const;

/** What was said, as JSON: attributes of the call's span, or of an event on it. */
export const content = {
  system: 'gen_ai.system_instructions',
  input: 'gen_ai.input.messages',
  output: 'gen_ai.output.messages',
  event: 'gen_ai.client.inference.operation.details',
} as const;

/** The span that says how a task ended; it has no duration and no operation. */
export const taskOutcome = {
  span: 'spanledger.task.outcome',
  taskId: 'spanledger.task_id',
  outcome: 'spanledger.outcome',
  value: 'spanledger.outcome.value',
} as const;

/**
 * The span that says that a call is open: sent when it has been so for a second, of no duration, in the trace of the call
 * and with its parent (the call itself, where it has none). It carries the tags, `gen_ai.provider.name`,
 * `gen_ai.request.model`, `gen_ai.request.max_tokens` and what follows, but no operation: it is no call. The processor bills
 * and forwards none of them.
 */
export const marker = {
  span: 'spanledger.call.started',
  /** The id that the span of the call has when it comes. */
  spanId: 'spanledger.call.span_id',
  /** As text: a number of this size is no exact one everywhere. */
  start: 'spanledger.call.start_unix_nano',
  /** Estimated from the request, by the rule of bytes. */
  inputTokens: 'spanledger.call.input_tokens',
} as const;

/** The attributes of the marker of a call. */
export function markerOf({ start, attributes }: Pick<OpenCall, 'start' | 'attributes'>, spanId: string): Attributes {
  return { ...attributes, [marker.spanId]: spanId, [marker.start]: String(BigInt(start) * 1_000_000n) };
}

/** Before a unit's name. */
export const usagePrefix = 'spanledger.usage.';

/** The instrumentation scope of every span that we write. */
export const scopeName = 'spanledger';

/** Sets an attribute where there is something to say. */
export function put(attributes: Attributes, name: string, value: string | number | undefined): void {
  if (value !== undefined) attributes[name] = value;
}
