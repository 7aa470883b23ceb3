import { S3LogExtractionError } from '../../cache/error.js';
import { reasonOf, toldText } from '../pipeline/reason-of.js';
import type { GatheringRequest, MayGather } from './sharing.js';

/** A check of the user's says no. */
export class GatheringRefusedError extends S3LogExtractionError {
  constructor(why: string) {
    super('GATHERING_REFUSED', `Nothing was gathered or sent: ${why}.`, {
      hint: 'A module named with --collectors says so (mayGather).',
    });
  }
}

/**
 * Ask all checks whether anything may be gathered and sent.
 *
 * @throws {GatheringRefusedError} also when a check fails: no answer is no consent
 */
export async function requireConsent(
  checks: readonly MayGather[],
  request: GatheringRequest,
): Promise<void> {
  for (const check of checks) {
    let answer: true | string;
    try {
      answer = await check(request);
    } catch (error) {
      throw new GatheringRefusedError(`a check failed: ${reasonOf(error)}`);
    }
    if (answer === true) continue;
    const isReason = typeof answer === 'string' && answer !== '';
    throw new GatheringRefusedError(isReason ? toldText(answer) : 'a check did not say yes');
  }
}
