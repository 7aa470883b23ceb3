import { describe, expect, it } from 'vitest';
import { type Cidr, parseCidr } from '../../../src/ip/ranges/cidr.js';
import { buildRangeTable } from '../../../src/ip/ranges/range-table.js';
import { sampleAddresses } from '../../../src/ip/ranges/sample-addresses.js';
import { bytesOf } from './published-lists.js';

const table = buildRangeTable([
  [
    ...['13.0.0.0/24', '13.1.0.0/16', '2600:1f00::/40', '2600:1f01::/32'].map((text) => [
      text,
      'AWS/both',
    ]),
    ...['14.0.0.0/24', '14.1.0.0/23'].map((text) => [text, 'AWS/four']),
    ['15.0.0.255/32', 'AWS/one'],
  ].map(([text, code]) => ({ ...(parseCidr(text) as Cidr), code })),
]);
const samples = (code: string) => sampleAddresses(table, code).map((address) => address.reveal());

describe('sample addresses', () => {
  it('are one of each family from the widest ranges, and have the code', () => {
    expect(samples('AWS/both')).toEqual([bytesOf('13.1.0.1'), bytesOf('2600:1f01::1')]);
    expect(samples('AWS/four')).toEqual([bytesOf('14.1.0.1'), bytesOf('14.0.0.1')]);
    for (const code of table.codes)
      for (const one of samples(code)) expect(table.find(one)).toBe(code);
  });

  it('are as many as there are', () => {
    expect(samples('AWS/one')).toEqual([bytesOf('15.0.0.255')]);
    expect(samples('AWS/none')).toEqual([]);
  });
});
