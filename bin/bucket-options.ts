import type { OptionSpecs } from './command.js';

/** Which store a bucket is in. */
export const STORE_OPTIONS = {
  endpoint: {
    type: 'string',
    describe: 'With s3://: URL of a store other than AWS (else AWS_ENDPOINT_URL)',
  },
  region: {
    type: 'string',
    describe: 'With s3://: region of the bucket (else AWS_REGION, else that of the profile)',
  },
} as const satisfies OptionSpecs;

/** Which objects of a bucket are read, and what becomes of them. */
export const BUCKET_OPTIONS = {
  ...STORE_OPTIONS,
  'min-age': {
    type: 'number',
    describe: 'With s3://: leave objects that were modified less than so many minutes ago',
  },
  'hold-days': {
    type: 'number',
    describe:
      'With s3://: leave objects of so many newest days (UTC), for late delivery (default 2)',
  },
  'max-files': {
    type: 'number',
    describe: 'With s3://: end the listing once so many new objects are found',
  },
  'delete-after': {
    type: 'boolean',
    default: false,
    describe:
      'With s3://: delete objects once they are committed for good, but for those with rejected lines',
  },
} as const satisfies OptionSpecs;
