import { S3LogExtractionError } from './error.js';

/** The environment variable that holds the password of the cache. */
export const PASSWORD_VARIABLE = 'S3_LOG_EXTRACTION_PASSWORD';

/** The password chosen for a new cache would be guessed. */
export class WeakPasswordError extends S3LogExtractionError {
  constructor(
    readonly why: string,
    more = '',
  ) {
    super(
      'WEAK_PASSWORD',
      `The password (${PASSWORD_VARIABLE}, or the new one) is too weak: ${why}.`,
      {
        hint: `Choose a long random one, such as five or more random words, and keep it safe: the cache cannot be extended without it.${more}`,
      },
    );
  }
}

/** @returns undefined when no password is set; an empty one counts as none */
export function passwordFrom(env: NodeJS.ProcessEnv): string | undefined {
  const password = env[PASSWORD_VARIABLE];
  return password === undefined || password === '' ? undefined : password;
}

/**
 * Refuse a password that would be guessed. For new caches only: an existing one opens with
 * whatever it was made with.
 *
 * There are only 2^32 IPv4 addresses, so whoever has the cache and guesses the password has
 * every address in it.
 *
 * @throws {WeakPasswordError} which never holds the password
 */
export function checkPassword(password: string): void {
  const characters = [...password.normalize('NFC')];
  if (characters.length < MINIMUM_LENGTH) {
    throw new WeakPasswordError(`it has fewer than ${MINIMUM_LENGTH} characters`);
  }
  if (new Set(characters).size < MINIMUM_DISTINCT) {
    throw new WeakPasswordError(`it has fewer than ${MINIMUM_DISTINCT} different characters`);
  }
  if (COMMON.has(password.normalize('NFC').toLowerCase())) {
    throw new WeakPasswordError('it is a common password');
  }
  if (isRepetition(characters)) {
    throw new WeakPasswordError('it repeats a short pattern');
  }
  if (isSequence(characters)) {
    throw new WeakPasswordError('it is a plain sequence of characters');
  }
}

const MINIMUM_LENGTH = 12;
const MINIMUM_DISTINCT = 5;

/** Common passwords that the other rules let through. */
const COMMON = new Set([
  '123456789012',
  '1234567890123',
  '12345678901234',
  '123456789abc',
  '1q2w3e4r5t6y',
  '1qaz2wsx3edc',
  'administrator',
  'adminadmin123',
  'changeme1234',
  'changemeplease',
  'correct horse battery staple',
  'correcthorsebatterystaple',
  'iloveyou1234',
  'letmein12345',
  'p@ssw0rd1234',
  'password1234',
  'password12345',
  'password123456',
  'passwordpassword',
  'qwerty123456',
  'qwertyuiop12',
  'qwertyuiop123',
  'qwertyuiopasdfghjkl',
  's3logextraction',
  's3-log-extraction',
  's3_log_extraction',
  'welcome12345',
]);

/** Whether a pattern that would be too short itself is repeated, whole, at least once. */
function isRepetition(characters: readonly string[]): boolean {
  const longest = Math.min(MINIMUM_LENGTH - 1, Math.floor(characters.length / 2));
  for (let period = 1; period <= longest; period++) {
    if (characters.every((c, i) => i < period || c === characters[i - period])) return true;
  }
  return false;
}

/** Whether every character is the code point after (or before) the last one: `abcdefghijkl`. */
function isSequence(characters: readonly string[]): boolean {
  const codes = characters.map((c) => c.codePointAt(0) ?? 0);
  const step = codes[1] - codes[0];
  return Math.abs(step) === 1 && codes.every((code, i) => i === 0 || code - codes[i - 1] === step);
}
