import { S3LogExtractionError } from '../../../cache/error.js';

/** A further header is none, or one that is set already. Its value is not repeated: it may be a secret. */
export class HeaderError extends S3LogExtractionError {
  constructor(why: string) {
    super(
      'INVALID_SHARE_HEADER',
      `Further headers (SHARE_HEADERS, or of a module) cannot be sent: ${why}.`,
      { hint: 'One a line: X-Name: value.' },
      2,
    );
  }
}

/** What a header may hold (RFC 9110 section 5.5), but for bytes beyond ASCII. */
export const HEADER_TEXT = /^[\x20-\x7e\t]*$/;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** What ours say, or what would change how a request is read. */
const OURS =
  /^(?:authorization|connection|content-(?:digest|disposition|encoding|length|type)|expect|host|idempotency-key|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|user-agent)$/i;

/** Headers by their names in lower case. @throws {HeaderError} */
export function checkedHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const checked: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(headers)) {
    const isHeader = HEADER_NAME.test(name) && typeof value === 'string' && HEADER_TEXT.test(value);
    if (!isHeader) throw new HeaderError('a line is no header');
    if (OURS.test(name)) throw new HeaderError(`${name.toLowerCase()} is set already`);
    checked[name.toLowerCase()] = value;
  }
  return checked;
}
