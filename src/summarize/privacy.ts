import { S3LogExtractionError } from '../../cache/error.js';

/** All rules of what may be published stand in this file; PRIVACY.md says what they are worth. */
export interface PrivacyRules {
  /** Counts below it are not published. */
  readonly threshold: bigint;
  /** Published counts are multiples of it. */
  readonly modulus: bigint;
}

export const DEFAULT_PRIVACY_RULES: PrivacyRules = { threshold: 50n, modulus: 20n };

/** A count as published: a rounded integer, or `<50`. */
export type PublishedCount = bigint | `<${bigint}`;

/** The threshold or the modulus is not a number that makes sense. */
export class PrivacyRulesError extends S3LogExtractionError {
  constructor(what: string, hint: string) {
    super('PRIVACY_RULES_INVALID', `Could not apply the privacy rules: ${what}.`, { hint }, 2);
  }
}

/**
 * Complete and check the options `threshold` and `modulus`.
 *
 * @throws {PrivacyRulesError}
 */
export function privacyRules(
  options: {
    readonly threshold?: number | bigint | undefined;
    readonly modulus?: number | bigint | undefined;
  } = {},
): PrivacyRules {
  return {
    threshold: wholeNumber('threshold', options.threshold, DEFAULT_PRIVACY_RULES.threshold, 0n),
    modulus: wholeNumber('modulus', options.modulus, DEFAULT_PRIVACY_RULES.modulus, 1n),
  };
}

/**
 * The count rule, for requests, downloads and requesters. Apply it once, to an exact sum.
 *
 * n < threshold: suppressed. Else the nearest multiple of the modulus, ties to the even multiple;
 * and where that falls below the threshold, the next multiple up.
 *
 * @param count exact, not negative
 */
export function publishedCount(
  count: bigint,
  rules: PrivacyRules = DEFAULT_PRIVACY_RULES,
): PublishedCount {
  if (count < rules.threshold) return `<${rules.threshold}`;
  const rounded = nearestMultiple(count, rules.modulus);
  return rounded < rules.threshold ? rounded + rules.modulus : rounded;
}

/** The same rule for counts that are numbers: many times as fast. */
export interface PublishedNumbers {
  readonly threshold: number;
  /** @returns undefined for a count below the threshold */
  round(count: number): number | undefined;
}

/** @returns undefined when the rules have larger numbers than that is exact for */
export function publishedNumbers(rules: PrivacyRules): PublishedNumbers | undefined {
  const threshold = Number(rules.threshold);
  const modulus = Number(rules.modulus);
  if (threshold > MOST || modulus > MOST) return undefined;
  const round = (count: number): number | undefined => {
    if (count < threshold) return undefined;
    const rest = count % modulus;
    const below = count - rest;
    const isOdd = (below / modulus) % 2 === 1;
    const up = 2 * rest > modulus || (2 * rest === modulus && isOdd);
    const rounded = up ? below + modulus : below;
    return rounded < threshold ? rounded + modulus : rounded;
  };
  return { threshold, round };
}

/** Counts, which come nowhere near, and rules up to it are exact as numbers, doubled and added up. */
const MOST = 2 ** 50;

function nearestMultiple(count: bigint, modulus: bigint): bigint {
  const quotient = count / modulus;
  const twiceRest = 2n * (count % modulus);
  const up = twiceRest > modulus || (twiceRest === modulus && quotient % 2n === 1n);
  return (up ? quotient + 1n : quotient) * modulus;
}

function wholeNumber(
  name: string,
  value: number | bigint | undefined,
  otherwise: bigint,
  least: bigint,
): bigint {
  if (value === undefined) return otherwise;
  const whole = typeof value === 'bigint' || Number.isSafeInteger(value);
  if (!whole || BigInt(value) < least) {
    throw new PrivacyRulesError(
      `the ${name} ${value} is not a whole number of at least ${least}`,
      `Leave the ${name} out to get ${otherwise}.`,
    );
  }
  return BigInt(value);
}
