import { context } from '@opentelemetry/api';
import { randomUUID } from 'node:crypto';
import { emitNow } from './emit.ts';
import { taskOutcome } from './semconv.ts';
import { withTags, type Tags } from './tags.ts';

/** A task is what calls are made for: its cost is that of all of them, retries and fallbacks included. */
export interface Task extends Tags {
  readonly task_type: string;
  /** Made up where it is missing. */
  readonly task_id?: string;
}

/**
 * Runs `work` as one task; `work` is given the task's id, to report its outcome by.
 *
 * @example await withTask({ task_type: 'summary', customer_id: 'acme' }, async (id) => {
 *   reportOutcome(id, (await summarize()) === undefined ? 'failure' : 'success');
 * })
 */
export function withTask<T>(task: Task, work: (taskId: string) => T): T {
  const { task_id: id = randomUUID() } = task;
  return withTags({ ...task, task_id: id }, () => work(id));
}

/**
 * Says how a task ended, whenever that is known; the last word counts. `value` is what a success was worth, in a unit of
 * your own. True when it was taken; false without the preload.
 */
export function reportOutcome(taskId: string, outcome: 'success' | 'failure', value?: number): boolean {
  return emitNow(context.active(), (tags) => {
    const now = Date.now();
    const attributes = {
      ...tags,
      [taskOutcome.taskId]: taskId,
      [taskOutcome.outcome]: outcome,
      ...(value === undefined ? {} : { [taskOutcome.value]: value }),
    };
    return { name: taskOutcome.span, start: now, end: now, attributes, error: undefined };
  });
}
