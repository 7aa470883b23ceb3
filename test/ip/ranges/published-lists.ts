import { parseCidr } from '../../../src/ip/ranges/cidr.js';

/** The 16 bytes of an address in text form. */
export function bytesOf(address: string): Uint8Array {
  const cidr = parseCidr(address);
  if (cidr === undefined || cidr.length !== 128) throw new Error(`No address: ${address}`);
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  cidr.words.forEach((word, at) => {
    view.setUint32(4 * at, word);
  });
  return bytes;
}

/** `count` blocks of 256 addresses, from `<first>.0.0.0/24` on. */
export function blocks(first: number, count: number): string[] {
  return Array.from(
    { length: count },
    (_, at) => `${first + (at >> 16)}.${(at >> 8) & 255}.${at & 255}.0/24`,
  );
}

/** Lists of made-up ranges in the real shapes, as large as the real ones must be at least. */
export function publishedLists(): Record<string, string> {
  return {
    'github.json': JSON.stringify({
      verifiable_password_authentication: false,
      ssh_key_fingerprints: { SHA256_RSA: 'abc' },
      ssh_keys: ['ssh-ed25519 AAAA', 'ssh-rsa BBBB'],
      hooks: ['11.0.0.0/22', '2a0a:a440::/29'],
      web: ['11.0.4.0/22'],
      actions: blocks(12, 60),
      domains: { website: ['*.example.org'] },
    }),
    'aws.json': JSON.stringify({
      syncToken: '1700000000',
      createDate: '2026-11-20-00-00-00',
      prefixes: blocks(13, 1000).map((ip_prefix) => ({
        ip_prefix,
        region: 'us-east-2',
        service: 'EC2',
        network_border_group: 'us-east-2',
      })),
      ipv6_prefixes: [
        {
          ipv6_prefix: '2600:1f00::/24',
          region: 'eu-west-1',
          service: 'AMAZON',
          network_border_group: 'eu-west-1',
        },
      ],
    }),
    'gcp.json': JSON.stringify({
      syncToken: '1700000000000',
      creationTime: '2026-11-20T00:00:00',
      prefixes: [
        ...blocks(14, 100).map((ipv4Prefix) => ({
          ipv4Prefix,
          service: 'Google Cloud',
          scope: 'us-central1',
        })),
        { ipv6Prefix: '2600:1900:4010::/44', service: 'Google Cloud', scope: 'europe-west1' },
      ],
    }),
    'azure.json': JSON.stringify({
      changeNumber: 1,
      cloud: 'Public',
      values: [
        azureTag('AzureCloud', '', [...blocks(15, 1000), '16.0.0.0/24']),
        azureTag('AzureCloud.westeurope', 'westeurope', blocks(15, 1000)),
      ],
    }),
    'vpn.txt': `# made up\n${blocks(17, 1000).join('\n')}\n2a02:6ea0::/32\n`,
  };
}

export function azureTag(
  name: string,
  region: string,
  addressPrefixes: readonly string[],
): unknown {
  const properties = { changeNumber: 1, region, regionId: 0, platform: 'Azure', addressPrefixes };
  return { name, id: name, properties: { ...properties, systemService: '' } };
}
