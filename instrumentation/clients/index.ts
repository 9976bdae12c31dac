import { anthropic } from './anthropic.ts';
import { bedrock } from './bedrock.ts';
import { claudeAgent } from './claude-agent.ts';
import type { Client } from './client.ts';
import { cohere } from './cohere.ts';
import { genai } from './genai.ts';
import { groq } from './groq.ts';
import { mistral } from './mistral.ts';
import { ollama } from './ollama.ts';
import { openai } from './openai.ts';
import { replicate } from './replicate.ts';
import { ws } from '../sockets.ts';
import { together } from './together.ts';

/** To add a client library: its file and a line here. `ws` is what several of them speak through. */
export const clients: readonly Client[] = [
  openai,
  anthropic,
  groq,
  together,
  genai,
  mistral,
  cohere,
  ollama,
  bedrock,
  replicate,
  claudeAgent,
  ws,
];
