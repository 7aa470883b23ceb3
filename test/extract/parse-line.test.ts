import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  headBytes,
  hostileText,
  type LineParts,
  lineBytes,
  quoted,
  truthOf,
  type Verdict,
  validLines,
  verdictOf,
} from './line-arbitraries.js';

const RUNS = 4000;

function run<T extends unknown[]>(property: fc.IPropertyWithHooks<T>, numRuns = RUNS): void {
  fc.assert(property, { seed: 20_261_123, numRuns });
}

function isRefusal(verdict: Verdict): verdict is { readonly reason: string } {
  return 'reason' in verdict;
}

describe('a valid line', () => {
  it('gives back its fields', () => {
    run(
      fc.property(validLines, (parts) => {
        expect(verdictOf(lineBytes(parts))).toEqual(truthOf(parts));
      }),
    );
  });

  it('means the same with a carriage return or spaces at its end', () => {
    run(
      fc.property(validLines, fc.constantFrom('\r', ' ', '   ', ' \r'), (parts, end) => {
        const line = Buffer.concat([lineBytes(parts), Buffer.from(end)]);
        expect(verdictOf(line)).toEqual(truthOf(parts));
      }),
      500,
    );
  });

  it('is refused with a byte order mark in its key, which once made two datasets one', () => {
    run(
      fc.property(
        validLines,
        fc.constantFrom('\ufeffa/b', 'a/\ufeffb', 'a\ufeff'),
        (parts, key) => {
          const line = lineBytes(parts).toString('latin1');
          const marked = line.replace(
            / (REST\.GET\.OBJECT) \S+ /,
            ` $1 ${Buffer.from(key).toString('latin1')} `,
          );
          fc.pre(marked !== line);
          expect(verdictOf(Buffer.from(marked, 'latin1'))).toEqual({ reason: 'invalid_key' });
        },
      ),
      200,
    );
  });

  it('means the same behind a syslog prefix', () => {
    const prefixes = fc.constantFrom(
      ...['s3access-b: ', 'Nov 23 06:13:49 host s3access-b.c: ', 'Nov  3 x s3access-b: '],
      ...[' s3access-b: ', '<134>Nov 23 06:13:49 host s3access-b: '],
    );
    run(
      fc.property(validLines, prefixes, (parts, prefix) => {
        const line = Buffer.concat([Buffer.from(prefix), lineBytes(parts)]);
        expect(verdictOf(line)).toEqual(truthOf(parts));
      }),
      500,
    );
  });
});

describe('what a client writes', () => {
  it('into referer or user agent changes neither what is counted nor whether it is', () => {
    run(
      fc.property(validLines, hostileText, hostileText, (parts, referer, userAgent) => {
        const line = lineBytes({
          ...parts,
          referer: quoted(referer),
          userAgent: quoted(userAgent),
        });
        expect(verdictOf(line)).toEqual(truthOf(parts));
      }),
      3 * RUNS,
    );
  });

  it('into a referer beside a bare user agent, or the other way round, changes nothing', () => {
    run(
      fc.property(validLines, hostileText, fc.boolean(), (parts, text, isReferer) => {
        const bare = Buffer.from('-');
        const line = lineBytes({
          ...parts,
          referer: isReferer ? quoted(text) : bare,
          userAgent: isReferer ? bare : quoted(text),
        });
        expect(verdictOf(line)).toEqual(truthOf(parts));
      }),
    );
  });

  it('with the identifier of the bucket owner is refused at worst', () => {
    run(
      fc.property(validLines, hostileText, hostileText, (parts, before, after) => {
        const fake = Buffer.concat([before, Buffer.from(parts.owner), after]);
        const verdict = verdictOf(lineBytes({ ...parts, userAgent: quoted(fake) }));
        if (isRefusal(verdict)) expect(verdict.reason).toBe('two_records_in_one_line');
        else expect(verdict).toEqual(truthOf(parts));
      }),
    );
  });

  it('beside a key that is not the target leads to ambiguous_request_uri at worst', () => {
    run(
      fc.property(validLines, hostileText, hostileText, (parts, referer, userAgent) => {
        const other = { ...parts, requestUri: Buffer.from('"GET /some/other/thing HTTP/1.1"') };
        const line = lineBytes({
          ...other,
          referer: quoted(referer),
          userAgent: quoted(userAgent),
        });
        const verdict = verdictOf(line);
        if (isRefusal(verdict)) expect(verdict.reason).toBe('ambiguous_request_uri');
        else expect(verdict).toEqual(truthOf(other));
      }),
    );
  });

  it('into a target changes nothing, as long as it has no space', () => {
    run(
      fc.property(validLines, hostileText, fc.boolean(), (parts, text, inQuery) => {
        const raw = text.filter((byte) => byte !== 0x20);
        const target = Buffer.concat([Buffer.from(inQuery ? `/${parts.key}?` : '/'), raw]);
        const line = lineBytes({
          ...parts,
          requestUri: quoted(
            Buffer.concat([Buffer.from('GET '), target, Buffer.from(' HTTP/1.1')]),
          ),
        });
        expect(verdictOf(line)).toEqual(truthOf(parts));
      }),
      2 * RUNS,
    );
  });

  it('into the path of a target, spaces and all, is refused or changes nothing', () => {
    run(
      fc.property(validLines, hostileText, (parts, text) => {
        // The store logs the key that the whole path names, so the two agree in truth.
        const key = `k${encodeURIComponent(encodeURIComponent(text.toString('latin1')))}`;
        const target = Buffer.concat([Buffer.from('GET /k'), text, Buffer.from(' HTTP/1.1')]);
        const asked = { ...parts, key, requestUri: quoted(target) };
        const verdict = verdictOf(lineBytes(asked));
        if (!isRefusal(verdict)) expect(verdict).toEqual(truthOf(asked));
      }),
      2 * RUNS,
    );
  });
});

/** What stands before the last quote of the user agent, with everything before. */
function beforeAgentEnd(parts: LineParts): number {
  return headBytes(parts).length + parts.referer.length + 1 + parts.userAgent.length;
}

const closedTexts = fc.constantFrom(
  ...['"-"', '"curl/8.5.0"', '"Mozilla/5.0 (X11; a b) [x]"', '"x, [y]"'].map((part) =>
    Buffer.from(part),
  ),
);

describe('a line that is cut', () => {
  it('before the end of its user agent is refused, wherever it is cut', () => {
    run(
      fc.property(validLines, closedTexts, closedTexts, (parts, referer, userAgent) => {
        const whole = { ...parts, referer, userAgent };
        const bytes = lineBytes(whole);
        const end = beforeAgentEnd(whole);
        for (let cut = 0; cut < end; cut++) {
          const verdict = verdictOf(bytes.subarray(0, cut));
          if (!isRefusal(verdict)) throw new Error(`counted when cut at ${cut} of ${end}`);
          expect(verdict.reason).toMatch(/^(truncated_|invalid_|key_bad_|request_uri_not_quoted)/);
        }
        expect(verdictOf(bytes.subarray(0, end))).toEqual(truthOf(whole));
      }),
      150,
    );
  });

  it('within texts that hold quotes counts as the whole line does, or not at all', () => {
    run(
      fc.property(validLines, hostileText, hostileText, (parts, referer, userAgent) => {
        const whole = { ...parts, referer: quoted(referer), userAgent: quoted(userAgent) };
        const bytes = lineBytes(whole);
        for (let cut = headBytes(parts).length; cut <= bytes.length; cut++) {
          const verdict = verdictOf(bytes.subarray(0, cut));
          if (!isRefusal(verdict)) expect(verdict).toEqual(truthOf(parts));
          else expect(verdict.reason).toBe('truncated_referer_or_user_agent');
        }
      }),
      400,
    );
  });

  it('says so, where the cut is between two fields', () => {
    run(
      fc.property(validLines, (parts) => {
        const head = headBytes({ ...parts, requester: '-', requestUri: Buffer.from('-') });
        let field = 0;
        for (let cut = 0; cut >= 0; cut = head.indexOf(0x20, cut + 1)) {
          // The time is two words.
          if (field !== 3)
            expect(verdictOf(head.subarray(0, cut))).toEqual({ reason: cutReasons[field] });
          field++;
        }
        expect(field).toBe(cutReasons.length);
      }),
      200,
    );
  });

  it('at its beginning is refused or counts as what it is', () => {
    run(
      fc.property(validLines, (parts) => {
        const bytes = lineBytes(parts);
        for (let cut = 1; cut < bytes.length; cut++) {
          const verdict = verdictOf(bytes.subarray(cut));
          if (!isRefusal(verdict)) expect(verdict).toEqual(truthOf(parts));
        }
      }),
      100,
    );
  });
});

const cutReasons = [
  ...['truncated_before_bucket_owner', 'truncated_before_bucket', 'truncated_before_time', ''],
  ...['truncated_before_remote_ip', 'truncated_before_requester', 'truncated_before_request_id'],
  ...['truncated_before_operation', 'truncated_before_key', 'truncated_before_request_uri'],
  ...['truncated_before_http_status', 'truncated_before_error_code'],
  ...['truncated_before_bytes_sent', 'truncated_before_object_size', 'truncated_before_total_time'],
  ...['truncated_before_turn_around_time', 'truncated_referer_or_user_agent'],
];

it('a referer that ends in a quote and a space, before a bare user agent, once cost the line', () => {
  run(
    fc.property(validLines, (parts) => {
      const line = lineBytes({
        ...parts,
        referer: Buffer.from('"" "'),
        userAgent: Buffer.from('-'),
      });
      expect(verdictOf(line)).toEqual(truthOf(parts));
    }),
    50,
  );
});

it('a line that has lost its bucket owner once counted, with an empty one', () => {
  run(
    fc.property(validLines, (parts) => {
      const line = lineBytes({ ...parts, owner: '' });
      expect(verdictOf(line)).toEqual({ reason: 'truncated_before_bucket_owner' });
    }),
    50,
  );
});

describe('two records in one line', () => {
  /** Never a mixture: what counts is one of the two as a whole, or nothing. */
  function expectNoMixture(line: Buffer, ...records: LineParts[]): Verdict {
    const verdict = verdictOf(line);
    if (!isRefusal(verdict)) expect(records.map(truthOf)).toContainEqual(verdict);
    return verdict;
  }

  it('never count as a mixture, wherever the first one ends', () => {
    run(
      fc.property(validLines, validLines, closedTexts, (first, second, userAgent) => {
        const cutShort = { ...first, userAgent };
        const [a, b] = [lineBytes(cutShort), lineBytes(second)];
        for (let cut = 0; cut <= a.length; cut++) {
          expectNoMixture(Buffer.concat([a.subarray(0, cut), b]), cutShort, second);
        }
      }),
      120,
    );
  });

  it('are refused when they have the same owner, unless nothing but a bit of the first is left', () => {
    run(
      fc.property(validLines, validLines, closedTexts, (first, other, userAgent) => {
        const cutShort = { ...first, userAgent };
        const second = { ...other, owner: first.owner };
        const [a, b] = [lineBytes(cutShort), lineBytes(second)];
        for (let cut = 0; cut <= a.length; cut++) {
          const verdict = expectNoMixture(Buffer.concat([a.subarray(0, cut), b]), second);
          // A line that begins in the middle of the first one's owner has an odd owner and no other fault.
          if (cut > first.owner.length) expect(isRefusal(verdict)).toBe(true);
        }
      }),
      120,
    );
  });
});
