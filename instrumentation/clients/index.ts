import { anthropic } from './anthropic.ts';
import type { Client } from './client.ts';
import { groq } from './groq.ts';
import { openai } from './openai.ts';
import { together } from './together.ts';

/** To add a client library: its file and a line here. */
export const clients: readonly Client[] = [openai, anthropic, groq, together];
