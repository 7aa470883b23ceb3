import { FIELD, KIND } from '../../src/extract/line.js';
import type { Protocol } from '../protocol.js';
import { HTTP_1, placeOfHttp } from './peer-rule.js';

const [MISSING, IN_KEY, IN_TARGET, BEHIND] = [0, 1, 2, 3];

const claim = 'split-at-protocol';

/** The first `HTTP/1.` of a record is the protocol of its request line: there the Python tool splits it. */
export const httpSplit: Protocol = {
  name: 'http_split',
  version: 1,
  reasons: [
    {
      name: 'missing',
      claim,
      what: 'HTTP/1. does not occur in the record: another protocol, or none; the Python tool loses it',
    },
    {
      name: 'in_key',
      claim,
      what: 'HTTP/1. occurs in the key or before it, and the record is split there',
    },
    {
      name: 'in_target',
      claim,
      what: 'HTTP/1. occurs in the target of the request, and the record is split there',
    },
    {
      name: 'behind',
      claim,
      what: 'HTTP/1. is not the protocol and occurs behind the request line, in what clients write',
    },
  ],
  begin:
    () =>
    ({ buffer, start, end, code, line }, report) => {
      if (code !== 0 || line.kind === KIND.skipped) return;
      const { bounds } = line;
      const at = placeOfHttp(buffer, start, end);
      const uriEnd = bounds[2 * FIELD.requestUri + 1];
      // Where `HTTP/1.1` stands when it is what it should be.
      if (at === uriEnd - HTTP_1.length - 1) return;
      if (at === end) report(MISSING);
      else if (at < bounds[2 * FIELD.key + 1]) report(IN_KEY);
      else if (at < uriEnd) report(IN_TARGET);
      else report(BEHIND);
    },
};
