/** What the provider answers: 2.5 KB of text, whole or in chunks, with a usage block that has everything. */
export const chunks = 500;
export const messages = [
  { role: 'system' as const, content: 'be brief' },
  { role: 'user' as const, content: 'hello '.repeat(200) },
];

const usage = {
  prompt_tokens: 1200,
  completion_tokens: 500,
  total_tokens: 1700,
  prompt_tokens_details: { cached_tokens: 1024, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 128, audio_tokens: 0 },
};
const head = { id: 'chatcmpl-1', created: 1, model: 'gpt-x-2026' };
const whole = JSON.stringify({
  ...head,
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'word '.repeat(chunks) }, finish_reason: 'stop' }],
  usage,
});
const bytes = (data: unknown): Uint8Array =>
  new TextEncoder().encode(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`);
const chunk = (at: number): unknown => {
  const delta = at === 0 ? { role: 'assistant', content: '' } : { content: 'word ' };
  const choices = [{ index: 0, delta, finish_reason: at === chunks - 1 ? 'stop' : null }];
  return { ...head, object: 'chat.completion.chunk', choices, usage: null };
};
const events = [
  ...Array.from({ length: chunks }, (_, at) => bytes(chunk(at))),
  bytes({ ...head, object: 'chat.completion.chunk', choices: [], usage }),
  bytes('[DONE]'),
];

/** A `fetch` without a network. */
export async function respond(_url: unknown, init?: { readonly body?: unknown }): Promise<Response> {
  if (!String(init?.body).includes('"stream":true'))
    return new Response(whole, { headers: { 'content-type': 'application/json' } });
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const event = events[at++];
      if (event === undefined) controller.close();
      else controller.enqueue(event);
    },
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}
