import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { calls } from './calls.cjs';

await calls({ OpenAI, Anthropic });
