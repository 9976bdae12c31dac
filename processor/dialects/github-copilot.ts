import { conventionalCall } from './conventional.ts';
import type { Dialect } from './dialect.ts';
import { tagKeys } from './tags.ts';

const tags = tagKeys({ names: { session_id: ['github.copilot.interaction_id'] } });

/**
 * GitHub Copilot, in the editor and on the command line: the convention, with the sum on `invoke_agent`.
 * `github.copilot.cost` and `.aiu` are GitHub's own units of the subscription, not USD.
 */
export const githubCopilot: Dialect = {
  name: 'github-copilot',
  scopes: /^@github\/copilot|^github\.copilot|^copilot-chat$|^copilot_chat/,
  keys: ['github.copilot.turn_id', 'github.copilot.interaction_id', 'github.copilot.cost', 'copilot_chat.session_id'],
  read: (span) => conventionalCall(span, { dialect: githubCopilot.name, tags }),
};
