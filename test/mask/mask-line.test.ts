import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskLine } from '../../src/mask/mask-line.js';
import { soundLine } from '../validation/sound-logs.js';

const masked = (text: string): string => maskLine(Buffer.from(text, 'latin1'));

describe('a line that is shown', () => {
  it.each([
    '192.0.2.7',
    '2001:db8::1',
    '2001:db8:0:0:0:0:0:1',
    '::ffff:192.0.2.7',
    '::1',
    '300.1.2.3',
    'no-address-at-all',
  ])('has the address %s masked where it belongs', (ip) => {
    expect(masked(soundLine(3, { ip }))).toBe(soundLine(3, { ip: '[address]' }));
  });

  it.each([
    ['proxy for 198.51.100.7, it says', 'proxy for [address], it says'],
    ['http://[2001:db8::1]:8080/', 'http://[[address]]:8080/'],
    ['ip:2001:db8::1', 'ip[address]'],
    ['?ip=2001%3Adb8%3A%3A1', '?ip=[address]'],
    ['?ip=198%2E51%252E100.7&', '?ip=[address]&'],
    ['fe80:1:2:3:4:5:6:7', '[address]'],
    ['64:ff9b::198.51.100.7', '[address]'],
    ['http://ec2-198-51-100-7.example.org/', 'http://ec2-198-51-100-7.example.org/'],
    ['http://host-198.example.org/', 'http://host-198.example.org/'],
    ['curl/8.4.0', 'curl/8.4.0'],
  ])('has %s in its agent shown as %s', (agent, shown) => {
    const line = masked(soundLine(3, { agent }));
    if (agent.includes('ec2-')) expect(line).not.toContain('51-100');
    else expect(line).toBe(soundLine(3, { agent: shown, ip: '[address]' }));
  });

  it('keeps times, ARNs and a missing address', () => {
    const requester = 'arn:aws:iam::111122223333:user/alice';
    const line = soundLine(3, { ip: '-', requester, agent: 'arn:aws:iam::cloudfront:user/x' });
    expect(masked(line)).toBe(line);
  });

  it('sends no control sequences, and shows text that is no UTF-8', () => {
    expect(masked('a\x1b[2J\x00\r\x9b ü')).toBe('a\\u001b[2J\\u0000\\u000d\ufffd \ufffd');
    expect(maskLine(Buffer.from('ü \u202e x'))).toBe('ü \\u202e x');
    expect(masked('x'.repeat(1 << 20))).toHaveLength(4001);
  });

  it.each([
    '2001:db8::beef:77...',
    'ip=added2001:db8::beef:77',
    '_2001:db8::beef:77_',
    '2001:db8::beef:77x',
    'a.2001:db8::beef:77',
    '2001:db8::beef:77.5',
    'cafe2001%3Adb8%3A%3Abeef%3A77',
    'ip-198-51-100-7.ec2.internal',
    'x-198-51-100-7',
  ])('holds nothing of %s', (text) => {
    const line = masked(soundLine(3, { ip: '-', agent: text }));
    expect(line).not.toMatch(/beef|198-51/);
    expect(line).toContain('[address]');
  });

  it('holds no address, whatever stands around it', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.ipV4(), fc.ipV6()),
        fc.constantFrom('', ' ', '"', '[', '=', '/', ',', ';', '%', '-', 'x', '.'),
        fc.constantFrom('', ' ', '"', ']', '&', '/', ',', ';', ')', '\x00'),
        (ip, before, after) => {
          // Too short to be told from other text.
          fc.pre(ip.length > 6);
          const line = masked(soundLine(3, { ip: '-', agent: `a ${before}${ip}${after} b` }));
          expect(line).not.toContain(ip);
        },
      ),
      { numRuns: 500 },
    );
  });
});
