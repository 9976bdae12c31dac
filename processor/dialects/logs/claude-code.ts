import { readClaudeCode } from '../claude-code.ts';
import type { LogDialect } from './log-dialect.ts';

/**
 * Claude Code's event for each answer of the API, `claude_code.api_request`: Anthropic's raw counts under bare names, so
 * input leaves the cache out. Its `cost_usd` is an estimate. A failed request (`claude_code.api_error`) says nothing of usage.
 */
export const claudeCodeLog: LogDialect = {
  name: 'claude-code-log',
  marks: ['claude_code', 'claude-code'],
  read(record) {
    const isOurs =
      record.name.startsWith('claude_code.') ||
      record.scope.name.startsWith('com.anthropic.claude_code') ||
      record.resource.get('service.name') === 'claude-code';
    if (!isOurs) return undefined;
    return record.name.replace(/^claude_code\./, '') === 'api_request'
      ? readClaudeCode(record, claudeCodeLog.name)
      : null;
  },
};
