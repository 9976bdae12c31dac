import OpenAI from 'openai';

export const client = new OpenAI({ apiKey: 'test', baseURL: `${process.env.PROVIDER}/v1` });
export const chat = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Tell me of the sea' }] };
