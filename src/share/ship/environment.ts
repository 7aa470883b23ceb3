import { S3LogExtractionError, systemErrorCode } from '../../../cache/error.js';
import { GivenFileError, readGivenFile } from '../../../cache/given-file.js';
import { checkedHeaders, HEADER_TEXT, HeaderError } from './headers.js';
import type { ShippingCredentials, ShippingSettings } from './shipping-settings.js';

/** A variable says what it cannot say. Its value is not repeated: it may be a secret. */
export class ShareVariableError extends S3LogExtractionError {
  constructor(
    variable: string,
    why: string,
    hint = 'Check how it was set; SHARING.md has them all.',
  ) {
    super('INVALID_SHARE_VARIABLE', `${variable} ${why}.`, { hint }, 2);
  }
}

const LONGEST_SECRET = 8_000;
const LONGEST_PEM = 1 << 20;
/**
 * Credentials, content type and headers that the environment names. Secrets come from there, never from arguments.
 *
 * @throws {ShareVariableError}
 */
export function environmentSettings(env: NodeJS.ProcessEnv): ShippingSettings {
  const contentType = textOf('SHARE_CONTENT_TYPE', env.SHARE_CONTENT_TYPE);
  if (contentType !== undefined && !/^[\w.+-]+\/[\w.+-]+(?: *; *[\w.+=" -]+)*$/.test(contentType)) {
    throw new ShareVariableError('SHARE_CONTENT_TYPE', 'is no type such as application/gzip');
  }
  const headers = headersOf(env.SHARE_HEADERS);
  const credentials = credentialsOf(env);
  return {
    contentType: () => contentType,
    headers: () => headers,
    credentials: () => credentials,
  };
}

function headersOf(text: string | undefined): Record<string, string> | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const named: Record<string, string> = Object.create(null);
  for (const line of text.split('\n').filter((one) => one.trim() !== '')) {
    const colon = line.indexOf(':');
    if (colon < 0) throw new HeaderError('a line is no header');
    named[line.slice(0, colon).trim()] = line.slice(colon + 1).trim();
  }
  return checkedHeaders(named);
}

function credentialsOf(env: NodeJS.ProcessEnv): ShippingCredentials | undefined {
  const bearer = secretOf('SHARE_TOKEN', env.SHARE_TOKEN);
  const user = secretOf('SHARE_USER', env.SHARE_USER);
  const password = secretOf('SHARE_PASSWORD', env.SHARE_PASSWORD);
  if (bearer !== undefined && user !== undefined) {
    throw new ShareVariableError('SHARE_TOKEN', 'and SHARE_USER are both set', 'Set one of them.');
  }
  if ((user === undefined) !== (password === undefined)) {
    throw new ShareVariableError('SHARE_USER', 'and SHARE_PASSWORD belong together');
  }
  if (user?.includes(':')) throw new ShareVariableError('SHARE_USER', 'must hold no colon');
  const cert = pemOf('SHARE_CLIENT_CERT', env.SHARE_CLIENT_CERT);
  const key = pemOf('SHARE_CLIENT_KEY', env.SHARE_CLIENT_KEY);
  if ((cert === undefined) !== (key === undefined)) {
    throw new ShareVariableError('SHARE_CLIENT_CERT', 'and SHARE_CLIENT_KEY belong together');
  }
  const passphrase = secretOf('SHARE_CLIENT_KEY_PASSWORD', env.SHARE_CLIENT_KEY_PASSWORD);
  const authority = pemOf('SHARE_CA', env.SHARE_CA);
  const certificate =
    cert === undefined || key === undefined
      ? undefined
      : { cert, key, ...(passphrase === undefined ? {} : { passphrase }) };
  const isSet = [bearer, user, certificate, authority].some((one) => one !== undefined);
  if (!isSet) return undefined;
  return {
    ...(bearer === undefined ? {} : { bearer }),
    ...(user === undefined || password === undefined ? {} : { basic: { user, password } }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(authority === undefined ? {} : { authority }),
  };
}

function textOf(variable: string, value: string | undefined): string | undefined {
  const text = value?.trim() ?? '';
  if (text === '') return undefined;
  if (HEADER_TEXT.test(text) && text.length <= LONGEST_SECRET) return text;
  throw new ShareVariableError(
    variable,
    `must be printable ASCII, at most ${LONGEST_SECRET} characters`,
  );
}

function secretOf(variable: string, value: string | undefined): string | undefined {
  if (value === undefined || value === '') return undefined;
  if (value.length > LONGEST_SECRET) throw new ShareVariableError(variable, 'is too long');
  if (variable !== 'SHARE_TOKEN') {
    if (/[\0-\x1f\x7f]/.test(value)) {
      throw new ShareVariableError(variable, 'holds a control character');
    }
    return value;
  }
  const token = value.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new ShareVariableError(variable, 'must be printable ASCII without spaces');
}

/** The content of a file that a variable names. */
function pemOf(variable: string, path: string | undefined): Buffer | undefined {
  if (path === undefined || path === '') return undefined;
  try {
    const pem = readGivenFile(path, LONGEST_PEM);
    if (pem.includes('-----BEGIN ')) return pem;
  } catch (error) {
    const why = error instanceof GivenFileError ? error.message : systemErrorCode(error);
    throw new ShareVariableError(variable, `names a file that cannot be read (${why})`);
  }
  throw new ShareVariableError(variable, 'names a file that is no PEM');
}
