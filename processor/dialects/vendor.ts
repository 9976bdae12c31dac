/**
 * What some frameworks write as the provider is their own name. Without it the model decides, whose name often carries the
 * provider as a prefix (`openai/gpt-5-mini`).
 */
const frameworks: ReadonlySet<string> = new Set([
  'strands-agents',
  'gcp.vertex.agent',
  'microsoft.agent_framework',
  'semantic_kernel',
  'langchain',
  'langgraph',
  'langsmith',
  'litellm',
  'spring_ai',
  'spring.ai',
  'agentcore',
  'opencode',
  'function',
  'test',
]);

/** Undefined where `name` is that of a framework. */
export function vendor(name: string | undefined): string | undefined {
  return name !== undefined && frameworks.has(name.toLowerCase()) ? undefined : name;
}

/**
 * Provider and model of a framework's span: where it names itself as the provider, `openai/gpt-5-mini` is taken apart.
 *
 * @example vendorAndModel('strands-agents', 'openai/gpt-5-mini') // { provider: 'openai', model: 'gpt-5-mini' }
 */
export function vendorAndModel(
  name: string | undefined,
  model: string | undefined,
): { readonly provider: string | undefined; readonly model: string | undefined } {
  const provider = vendor(name);
  const slash = model?.indexOf('/') ?? -1;
  if (provider !== undefined || model === undefined || slash < 1) return { provider, model };
  return { provider: model.slice(0, slash), model: model.slice(slash + 1) };
}
