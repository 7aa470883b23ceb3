import { describe, expect, it } from 'vitest';
import { UnusableListError } from '../../../src/ip/ranges/list-error.js';
import { buildRangeTable } from '../../../src/ip/ranges/range-table.js';
import { parsePublished, SERVICE_LISTS } from '../../../src/ip/ranges/service-lists.js';
import { azureTag, bytesOf, publishedLists } from './published-lists.js';

const listOf = (name: string) => SERVICE_LISTS.find((list) => list.name === name)!;
const codesOf = (name: string, text: string, ...addresses: string[]) => {
  const table = buildRangeTable([listOf(name).parse(text)]);
  return addresses.map((address) => table.find(bytesOf(address)));
};

describe('the list of', () => {
  it('GitHub gives GitHub for all members with ranges, and nothing for keys and domains', () => {
    const text = JSON.stringify({
      hooks: ['11.0.0.0/22'],
      copilot: ['11.1.0.0/32'],
      a_new_service: ['11.2.0.0/16', '2a0a:a440::/29'],
      ssh_keys: ['ssh-rsa AAAA'],
      domains: { website: ['*.example.org'] },
      full_domains: ['example.org', '11.3.0.0/16'],
    });
    expect(
      codesOf('GitHub', text, '11.0.3.255', '11.1.0.0', '11.2.3.4', '2a0a:a440::1', '11.3.0.1'),
    ).toEqual(['GitHub', 'GitHub', 'GitHub', 'GitHub', undefined]);
  });

  it('AWS gives the region of IPv4 and IPv6 prefixes', () => {
    const text = JSON.stringify({
      prefixes: [
        { ip_prefix: '13.0.0.0/8', region: 'GLOBAL', service: 'AMAZON' },
        { ip_prefix: '13.4.0.0/16', region: 'us-gov-west-1', service: 'EC2' },
      ],
      ipv6_prefixes: [{ ipv6_prefix: '2600:1f14::/35', region: 'us-west-2', service: 'EC2' }],
    });
    expect(codesOf('AWS', text, '13.1.1.1', '13.4.1.1', '2600:1f14::1')).toEqual([
      'AWS/GLOBAL',
      'AWS/us-gov-west-1',
      'AWS/us-west-2',
    ]);
  });

  it('GCP gives the scope of IPv4 and IPv6 prefixes', () => {
    const text = JSON.stringify({
      prefixes: [
        { ipv4Prefix: '34.1.208.0/20', service: 'Google Cloud', scope: 'africa-south1' },
        { ipv6Prefix: '2600:1901::/48', service: 'Google Cloud', scope: 'global' },
      ],
    });
    expect(codesOf('GCP', text, '34.1.208.9', '2600:1901::9')).toEqual([
      'GCP/africa-south1',
      'GCP/global',
    ]);
  });

  it('Azure gives the region of any tag that has one, and Azure where only AzureCloud knows it', () => {
    const text = JSON.stringify({
      values: [
        azureTag('Storage', '', ['20.9.0.0/16']),
        azureTag('AzureCloud', '', ['20.1.0.0/16', '20.1.2.0/24', '20.2.0.0/16', '2603:1000::/24']),
        azureTag('AzureCloud.westeurope', 'westeurope', ['20.1.0.0/16', '2603:1000::/25']),
        azureTag('Storage.GermanyWC', 'germanywc', ['20.2.3.0/24']),
      ],
    });
    expect(
      codesOf('Azure', text, '20.1.0.1', '20.1.2.1', '20.2.3.1', '20.2.4.1', '20.9.0.1'),
    ).toEqual(['Azure/westeurope', 'Azure/westeurope', 'Azure/germanywc', 'Azure', undefined]);
    expect(codesOf('Azure', text, '2603:1000::1', '2603:10ff::1')).toEqual([
      'Azure/westeurope',
      'Azure',
    ]);
  });

  it('VPNs gives VPN for ranges and addresses, with comments and any line ends', () => {
    const text = '# list\r\n\r\n45.1.2.0/24 # here\r\n45.1.3.4\n  2a02:6ea0:1::/48\n2a02:6ea0:2::7';
    expect(
      codesOf('VPN', text, '45.1.2.9', '45.1.3.4', '45.1.3.5', '2a02:6ea0:1::1', '2a02:6ea0:2::7'),
    ).toEqual(['VPN', 'VPN', undefined, 'VPN', 'VPN']);
    expect(listOf('VPN').parse('')).toEqual([]);
  });
});

describe('a list that somebody serves', () => {
  it.each(SERVICE_LISTS.map((list) => [list.name, list] as const))(
    'of %s is taken when it is whole',
    (_, list) => {
      expect(parsePublished(list, publishedLists()[list.file]).length).toBeGreaterThanOrEqual(
        list.fewestRanges,
      );
    },
  );

  it.each(SERVICE_LISTS.map((list) => [list.name, list] as const))(
    'of %s is refused when it is empty, a page, cut off, of another shape or of another service',
    (_, list) => {
      const whole = publishedLists()[list.file];
      const others = Object.entries(publishedLists()).filter(([file]) => file !== list.file);
      const bad = [
        ...[
          '',
          ' ',
          '{}',
          '[]',
          'null',
          '"x"',
          '1',
          '<!DOCTYPE html><html><body>Error</body></html>',
        ],
        ...[
          '{"message":"API rate limit exceeded"}',
          '{"prefixes":[]}',
          '{"values":[]}',
          '{"hooks":[]}',
        ],
        whole.slice(0, whole.length / 2),
        `${whole}<`,
        ...others.map(([, text]) => text),
      ];
      for (const text of bad) {
        expect(() => parsePublished(list, text), text.slice(0, 40)).toThrow(UnusableListError);
      }
    },
  );

  it.each([
    ...[
      '0.0.0.0/0',
      '16.0.0.0/7',
      '::/0',
      '2000::/3',
      '2000::/15',
      '::ffff:0:0/96',
      'nowhere',
      '',
      '/8',
    ],
    ...['10.0.0.0/8\t', '../../etc/passwd', '13.0.0.0/8; rm', 7, null, ['13.0.0.0/8'], {}],
  ])('is refused when it has %j as a range', (bad) => {
    const texts: Record<string, string> = {
      GitHub: JSON.stringify({ hooks: ['13.0.0.0/8', bad] }),
      AWS: JSON.stringify({ prefixes: [{ ip_prefix: bad, region: 'a' }] }),
      GCP: JSON.stringify({ prefixes: [{ ipv4Prefix: bad, scope: 'a' }] }),
      Azure: JSON.stringify({ values: [azureTag('AzureCloud.a', 'a', [bad as string])] }),
    };
    for (const [name, text] of Object.entries(texts)) {
      expect(() => listOf(name).parse(text), name).toThrow(UnusableListError);
    }
  });

  it.each([
    ...['../../x', 'us/east', 'us east', 'us\teast', 'us\neast', '.', '..', '=cmd()', 'zürich', ''],
    ...['a'.repeat(64), '\u0000', 'a\u202eb', 7, null, undefined, {}],
  ])('is refused when it has %j as the name of a region', (region) => {
    const aws = JSON.stringify({ prefixes: [{ ip_prefix: '13.0.0.0/8', region }] });
    const gcp = JSON.stringify({ prefixes: [{ ipv4Prefix: '13.0.0.0/8', scope: region }] });
    expect(() => listOf('AWS').parse(aws)).toThrow(UnusableListError);
    expect(() => listOf('GCP').parse(gcp)).toThrow(UnusableListError);
    if (region === '' || region === null || region === undefined) return;
    const azure = JSON.stringify({ values: [azureTag('X', region as string, ['13.0.0.0/8'])] });
    expect(() => listOf('Azure').parse(azure)).toThrow(UnusableListError);
  });

  it('is refused with a reason that says where, and nothing that the list says', () => {
    const text = JSON.stringify({
      prefixes: [{ ip_prefix: '13.0.0.0/8', region: 'SECRET\u001b[2J' }],
    });
    expect(() => listOf('AWS').parse(text)).toThrow(
      'prefixes[0] has no region, or one with characters no region has',
    );
    expect(() => listOf('VPN').parse('1.2.3.0/24\nSECRET')).toThrow(
      'line 2 is not a range of addresses',
    );
    expect(() => listOf('GCP').parse('{"SECRET":')).toThrow('it is not JSON, or cut off');
  });
});
