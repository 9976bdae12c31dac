import type { Attributes } from '@opentelemetry/api';
import { isJson, type Json } from './apis/api.ts';
import { StreamedMessage } from './apis/deltas.ts';
import { answerMessages, requestMessages, type Message, type Part } from './apis/messages.ts';
import { guarded } from './contain.ts';
import { content as names } from './semconv.ts';

/** Where what is said to models and by them is written. Nowhere, unless the application asks for it. */
export interface ContentCapture {
  readonly span: boolean;
  readonly event: boolean;
}

/** Characters of JSON in one attribute, and of one text in it. */
const most = { attribute: 32_768, text: 8192 } as const;

/** Operations whose input and output are messages. */
const told: ReadonlySet<string> = new Set(['chat', 'text_completion', 'generate_content']);

/** The content of one call. */
export class Content {
  readonly #request: Json;
  #answer: readonly Message[] | undefined;
  #streamed: StreamedMessage | undefined;

  constructor(request: Json) {
    this.#request = request;
  }

  body(body: unknown): void {
    if (isJson(body)) this.#answer = guarded(() => answerMessages(body));
  }

  event(event: Json): void {
    this.#streamed ??= new StreamedMessage(most.attribute);
    guarded(() => this.#streamed?.event(event));
  }

  /** As attributes: JSON of the conventions' messages, the newest of which are kept where there is too much. */
  attributes(): Attributes {
    const { system, input } = guarded(() => requestMessages(this.#request)) ?? { system: [], input: [] };
    const output = this.#answer ?? this.#streamed?.messages() ?? [];
    return {
      ...written(names.system, system),
      ...written(names.input, input),
      ...written(names.output, output),
    };
  }
}

/** Undefined where nothing is to be written. */
export function contentOf(capture: ContentCapture | undefined, operation: string, request: Json): Content | undefined {
  const wanted = capture !== undefined && (capture.span || capture.event) && told.has(operation);
  return wanted ? new Content(request) : undefined;
}

function written(name: string, items: readonly (Message | Part)[]): Attributes {
  const kept: string[] = [];
  let left: number = most.attribute;
  for (const item of items.toReversed()) {
    const text = guarded(() => JSON.stringify(item, shorten)) ?? '{}';
    left -= text.length + 1;
    if (left < 0) break;
    kept.unshift(text);
  }
  return items.length === 0 ? {} : { [name]: `[${kept.join(',')}]` };
}

function shorten(_key: string, value: unknown): unknown {
  return typeof value === 'string' && value.length > most.text ? `${value.slice(0, most.text)}…` : value;
}
