// Frameworks that call models through the client libraries that are patched.
import { OpenAIEmbeddings, ChatOpenAI, AzureChatOpenAI } from '@langchain/openai';
import { Agent, run as runAgent, setDefaultOpenAIClient, setTracingDisabled } from '@openai/agents';
import '@azure/openai/types';
import { AzureOpenAI, OpenAI } from 'openai';
import { all, at, messages, run } from './start.mjs';

const baseURL = at('api.openai.com', '/v1');
const options = { apiKey: 'test', configuration: { baseURL } };
const langchain = new ChatOpenAI({ model: 'gpt-4o', ...options });
setTracingDisabled(true);
setDefaultOpenAIClient(new OpenAI({ apiKey: 'test', baseURL }));
const agent = new Agent({ name: 'sailor', instructions: 'Be brief', model: 'gpt-4o' });
const azure = new AzureOpenAI({
  apiKey: 'test',
  endpoint: at('mine.openai.azure.com', ''),
  apiVersion: '2025-01-01-preview',
});
await run({
  langchain: async () => (await langchain.invoke('hi')).usage_metadata.output_tokens > 0,
  langchainStream: async () => all(await langchain.stream('hi')),
  langchainResponses: async () =>
    (await new ChatOpenAI({ model: 'gpt-4o', useResponsesApi: true, ...options }).invoke('hi')).usage_metadata
      .output_tokens > 0,
  langchainBatch: async () => (await langchain.batch(['one', 'two'])).length,
  langchainEmbeddings: async () => (await new OpenAIEmbeddings(options).embedQuery('hi')).length > 0,
  langchainAzure: async () =>
    (
      await new AzureChatOpenAI({
        model: 'gpt-4o',
        azureOpenAIApiKey: 'test',
        azureOpenAIApiVersion: '2025-01-01-preview',
        azureOpenAIApiDeploymentName: 'mine',
        azureOpenAIEndpoint: at('mine.openai.azure.com', ''),
      }).invoke('hi')
    ).usage_metadata.output_tokens > 0,
  agents: async () => (await runAgent(agent, 'hi')).finalOutput.length > 0,
  agentsStream: async () => {
    const result = await runAgent(agent, 'hi', { stream: true });
    const seen = await all(result);
    await result.completed;
    return seen;
  },
  azure: async () => (await azure.chat.completions.create({ model: 'gpt-4o', messages })).choices.length,
});
