import { REASONS } from '../../src/extract/reasons.js';
import type { Protocol } from '../protocol.js';

/** Every line is one that `parseLine` accepts. The reasons are those of extraction, by their codes. */
export const lines: Protocol = {
  name: 'lines',
  version: 1,
  reasons: REASONS.map((name) => ({
    name,
    claim: 'line-parses',
    what: `extraction rejects the line: ${name.replaceAll('_', ' ')}`,
  })),
  begin:
    () =>
    ({ code }, report) => {
      if (code !== 0) report(code);
    },
};
