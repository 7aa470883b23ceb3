import { createHash } from 'node:crypto';

/**
 * JSON that ends in a checksum of itself (FORMAT.md section 4): members in the order written, `checksum` last.
 *
 * @param value an object with at least one member
 */
export function sealedJson(value: object): string {
  const body = JSON.stringify(value);
  return `${body.slice(0, -1)},"checksum":"${sha256(body)}"}\n`;
}

/** What is wrong with a text that {@link sealedJson} did not make. */
export class SealedJsonError extends Error {}

/**
 * Read what {@link sealedJson} has made. Its shape is not checked: a right checksum says that it was written so, not by whom.
 *
 * @throws {SealedJsonError}
 */
export function parseSealedJson(text: string): unknown {
  const match = /,"checksum":"([0-9a-f]{64})"\}\n$/.exec(text.slice(-100));
  if (match === null) throw new SealedJsonError('it has no checksum at its end');
  const body = `${text.slice(0, -match[0].length)}}`;
  if (sha256(body) !== match[1]) {
    throw new SealedJsonError('its checksum does not match its content');
  }
  try {
    return JSON.parse(body);
  } catch {
    throw new SealedJsonError('it is not JSON');
  }
}

/** As {@link parseSealedJson}; undefined where that throws. */
export function sealedJsonOrNothing(text: string): unknown {
  try {
    return parseSealedJson(text);
  } catch (error) {
    if (error instanceof SealedJsonError) return undefined;
    throw error;
  }
}

/** A count, size or sum as JSON holds it exactly. */
export function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isListOf<T>(
  value: unknown,
  isOne: (one: unknown) => one is T,
): value is readonly T[] {
  return Array.isArray(value) && value.every(isOne);
}

export function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
