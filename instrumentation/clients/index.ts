import { anthropic } from './anthropic.ts';
import type { Client } from './client.ts';
import { openai } from './openai.ts';

/** To add a client library: its file and a line here. */
export const clients: readonly Client[] = [openai, anthropic];
