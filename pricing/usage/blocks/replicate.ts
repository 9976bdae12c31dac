import { fromDisjoint } from '../usage.ts';
import { invalid, isObject, type BlockReading } from './block.ts';

/**
 * `metrics` of a prediction on Replicate. https://replicate.com/docs/reference/http#predictions.get
 *
 * Official models are billed by tokens, pictures or seconds of film, and count them here; every other model by the time
 * that it ran, of which a prediction has at least one second. What else stands here (waiting, speed) bills nothing.
 *
 * @example readReplicateUsage({ input_token_count: 12, output_token_count: 60, predict_time: 1.4 }).usage // counts { input: 12, output: 60 }
 * @example readReplicateUsage({ predict_time: 11.6, total_time: 14.2 }).usage // counts { gpu_second: 12 }
 */
export function readReplicateUsage(block: unknown): BlockReading {
  if (block === undefined || block === null) return { usage: { status: 'missing' } };
  if (!isObject(block)) return invalid('metrics is not an object');
  const { input_token_count: input, output_token_count: output } = block;
  const { image_count: images, video_output_duration_seconds: film, predict_time: time } = block;
  if (input !== undefined || output !== undefined)
    return { usage: fromDisjoint({ input: numberOf(input), output: numberOf(output) }, 'reported') };
  if (images !== undefined) return { usage: fromDisjoint({ image: numberOf(images) }, 'reported') };
  if (film !== undefined) return { usage: fromDisjoint({ video_second: Math.round(numberOf(film)) }, 'reported') };
  if (time === undefined || time === null) return { usage: { status: 'missing' } };
  const seconds = Math.round(numberOf(time));
  return { usage: fromDisjoint({ gpu_second: seconds === 0 ? 1 : seconds }, 'reported') };
}

/** What is no number stays none, and is found invalid. */
function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : value === undefined ? 0 : Number.NaN;
}
