const { Anthropic } = require('@anthropic-ai/sdk');
const OpenAI = require('openai');
const { calls } = require('./calls.cjs');

void calls({ OpenAI, Anthropic });
