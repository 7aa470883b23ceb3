import fc from 'fast-check';
import type { SyntheticRecord } from './synthetic-cache.js';

const HOSTILE_KEYS = [
  '../x',
  '../../etc/passwd',
  '=cmd()',
  'ds1/=cmd()|x',
  'ds1/+1',
  'ds1/-1',
  'ds1/@sum',
  'ds1/=a\rb',
  'archive/x',
  'archive',
  '%61rchive/x',
  'totals.json',
  'ds1',
  'ds1/',
  'ds1/.',
  'ds1//',
  'ds1//x',
  'ds1/a/x',
  'ds1/a-b/x',
  'ds1/a',
  'ds1/a/',
  '/x',
  '/',
  '',
  '-',
  'ds1/"quoted"',
  'ds1/a\tb',
  'ds1/ padded ',
  'ds1/é',
  'ds1/e\u0301\u0327',
  'ds1/\ufffd',
  'ds1/\u{1f9d1}\u200d\u{1f680}/x',
  '\u{1f9d1}\u200d\u{1f680}/\u{1f9d1}\u200d\u{1f680}',
  'ds1/a\u0000b',
  'ds1/a\u0001b',
  '__proto__/x',
  'constructor',
  `ds1/${'long/'.repeat(200)}x`,
  `${'x'.repeat(1024)}/y`,
  `${'\u{1f680}'.repeat(60)}/y`,
  "it's/x",
  'NUL/x',
  'a%2520b/c%2520d',
];

export const REGIONS = [
  'US/California',
  'US/Texas',
  'US',
  'DE/Berlin',
  'AWS/us-east-2',
  'AWS/us-east-10',
  'AWS/us-east-1',
  'GCP/europe-west4',
  'GCP/us-central1',
  'Azure/westeurope',
  'VPN',
  'GitHub',
  'unknown',
  'undetermined',
  'bogon',
] as const;

const key = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...HOSTILE_KEYS) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom('ds1', 'ds2', 'ds10'), fc.string({ unit: 'binary', maxLength: 6 }))
      .map(([dataset, rest]) => `${dataset}/${rest}`),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) },
);

const bytesSent = fc.oneof(
  fc.constantFrom(0n, 1n, 2n ** 53n + 1n, 2n ** 63n - 1n),
  fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
);

const DAY = 86_400;

/** Times around a few ends of days, one before 1970. */
const time = fc
  .tuple(fc.constantFrom(-1, 0, 19_000, 20_512, 20_513), fc.constantFrom(0, 1, 40_000, DAY - 1))
  .map(([day, second]) => day * DAY + second);

const record: fc.Arbitrary<SyntheticRecord> = fc.record({
  key,
  time,
  requester: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 90 })),
  bytesSent,
  download: fc.boolean(),
});

/** A record, repeated with other requesters, so that counts cross the threshold. */
const burst = fc.tuple(record, fc.constantFrom(1, 1, 1, 49, 50, 51, 70, 90)).map(([first, times]) =>
  Array.from({ length: times }, (_, i) => ({
    ...first,
    requester: first.requester === 0 ? 0 : first.requester + i,
  })),
);

export const records: fc.Arbitrary<SyntheticRecord[]> = fc
  .array(burst, { maxLength: 40 })
  .map((bursts) => bursts.flat());

/** Regions of about half of the requesters that {@link records} has. */
export const regions: fc.Arbitrary<Map<number, string>> = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 180 }), fc.constantFrom(...REGIONS)), {
    minLength: 1,
    maxLength: 90,
  })
  .map((pairs) => new Map(pairs));
