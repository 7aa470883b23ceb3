import { S3LogExtractionError, systemErrorCode } from '../../cache/error.js';
import { RequestFailure } from '../ip/lookup/retry.js';
import { readAnswer } from '../ip/read-answer.js';

/** Where texts are sent to. */
export interface StorageSettings {
  /** `http:` or `https:`, without anything behind its path. */
  readonly url: URL;
  /** Sent to that server alone. */
  readonly token: string | undefined;
}

/** `STORAGE_BASE_URL` or `STORAGE_TOKEN` is not what it should be. Neither is repeated: they may hold secrets. */
export class StorageSettingsError extends S3LogExtractionError {
  constructor(variable: string, what: string, hint: string) {
    super('INVALID_STORAGE', `${variable} must be ${what}.`, { hint }, 2);
  }
}

const LONGEST_URL = 2_000;
const LONGEST_TOKEN = 8_000;

const MOST_ANSWER_BYTES = 16 << 10;

/**
 * What the environment says of a store.
 *
 * @returns undefined: there is none
 * @throws {StorageSettingsError}
 */
export function storageSettings(env: NodeJS.ProcessEnv): StorageSettings | undefined {
  const base = env.STORAGE_BASE_URL?.trim() ?? '';
  if (base === '') return undefined;
  const url = /^https?:\/\/[^\\]/i.test(base) && URL.canParse(base) ? new URL(base) : undefined;
  if (url === undefined || base.length > LONGEST_URL) {
    const what = `an address that begins with https:// or http://, of at most ${LONGEST_URL} characters`;
    throw new StorageSettingsError('STORAGE_BASE_URL', what, 'For example https://host/folder.');
  }
  if (url.username !== '' || url.password !== '') {
    const what = 'an address without a user name and a password';
    throw new StorageSettingsError('STORAGE_BASE_URL', what, 'Put a token into STORAGE_TOKEN.');
  }
  if (/[?#]/.test(base)) {
    const what = 'an address without a query or a fragment';
    throw new StorageSettingsError('STORAGE_BASE_URL', what, 'Put a token into STORAGE_TOKEN.');
  }
  const token = env.STORAGE_TOKEN?.trim() ?? '';
  if (!/^[\x21-\x7e]*$/.test(token) || token.length > LONGEST_TOKEN) {
    const what = `printable ASCII without spaces, at most ${LONGEST_TOKEN} characters`;
    throw new StorageSettingsError('STORAGE_TOKEN', what, 'Check how it was set.');
  }
  return { url, token: token === '' ? undefined : token };
}

/** A store that takes texts by HTTP: `PUT <address>/<name>`. */
export class RemoteStore {
  private readonly base: string;

  constructor(private readonly settings: StorageSettings) {
    this.base = settings.url.href.replace(/\/$/, '');
  }

  /** As it may be shown. */
  get host(): string {
    return this.settings.url.host;
  }

  /**
   * Put a text there. Of the answer nothing but its status is looked at, and redirects are not followed: the token is for one server.
   *
   * @returns its address
   * @throws {RequestFailure} whatever else happens
   */
  async put(name: string, text: string, timeoutMs: number, stop: AbortSignal): Promise<string> {
    const { token } = this.settings;
    const url = `${this.base}/${name}`;
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(url, {
        method: 'PUT',
        body: text,
        redirect: 'manual',
        signal: AbortSignal.any([timeout, stop]),
        headers: {
          'user-agent': 's3logextraction',
          'content-type': 'text/plain; charset=utf-8',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
      });
      // What else it says is not waited for; read to its end, the connection serves the next text.
      void readAnswer(response, MOST_ANSWER_BYTES).catch(() => undefined);
      if (response.ok) return url;
      throw new RequestFailure('refused', `it answered with status ${response.status}`);
    } catch (error) {
      if (error instanceof RequestFailure) throw error;
      if (stop.aborted) throw new RequestFailure('stopped', 'stopped');
      if (timeout.aborted) throw new RequestFailure('passing', 'it did not answer in time');
      const { cause } = error as { cause?: unknown };
      const code = systemErrorCode(cause) ?? 'the connection failed';
      throw new RequestFailure('passing', `no answer (${code})`);
    }
  }
}
