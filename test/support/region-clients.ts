import { type Place, place } from './ipinfo-server.js';
import type { TruthLine } from './truth.js';

/** Clients by address: what the service says of each, or in whose ranges it is, and its region. */
export const CLIENTS: readonly (readonly [address: string, region: string, says?: Place])[] = [
  ['8.8.8.8', 'US/California', place('8.8.8.8', 'US', 'California')],
  ['9.9.9.9', 'CL/Valparaíso', place('9.9.9.9', 'CL', 'Valparai\u0301so')],
  ['1.1.1.1', 'AU', place('1.1.1.1', 'AU')],
  ['2a00:1450::5', 'DE/Hesse', place('2a00:1450::5', 'DE', 'Hesse')],
  ['3.5.140.2', 'AWS/ap-northeast-2'],
  ['2600:1f14::9', 'AWS/us-west-2'],
  ['34.80.1.1', 'GCP/asia-east1'],
  ['20.38.84.1', 'Azure/westeurope'],
  ['45.86.1.1', 'VPN'],
  ['2606:50c0::3', 'GitHub'],
  ['10.1.2.3', 'bogon'],
  ['fe80::7', 'bogon'],
  ['5.5.5.5', 'unknown', { status: 404, error: { title: 'Wrong ip', message: 'Not valid' } }],
  ['6.6.6.6', 'unknown', { ip: '6.6.6.6' }],
];
export const REGIONS = new Map(CLIENTS.map(([, region], i) => [i + 1, region]));

export const LINES: readonly TruthLine[] = CLIENTS.flatMap(([address], i) =>
  Array.from({ length: 3 + 31 * i }, (_, n) => ({
    key: `ds${n % 3}/file-${n % 7}`,
    time: 1_700_000_000 + 7000 * n,
    client: i + 1,
    // The same client, written in another way.
    ip: address.includes(':') || n % 2 === 0 ? address : `::ffff:${address}`,
    bytes: 2n ** BigInt(n % 60),
    status: n % 5 === 0 ? 206 : 200,
  })),
);

export const LISTS = {
  'github.json': { hooks: ['192.30.252.0/22'], web: ['2606:50c0::/32'] },
  'aws.json': {
    prefixes: [{ ip_prefix: '3.5.140.0/22', region: 'ap-northeast-2', service: 'AMAZON' }],
    ipv6_prefixes: [{ ipv6_prefix: '2600:1f14::/35', region: 'us-west-2', service: 'AMAZON' }],
  },
  'gcp.json': { prefixes: [{ ipv4Prefix: '34.80.0.0/15', scope: 'asia-east1' }] },
  'azure.json': {
    values: [
      {
        name: 'AzureCloud.westeurope',
        properties: { region: 'westeurope', addressPrefixes: ['20.38.84.0/23'] },
      },
    ],
  },
};
