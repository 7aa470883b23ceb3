import { isIPv4 } from 'node:net';
import { RawIp } from '../../cache/seal.js';
import { bytesOf } from './mmdb-writer.js';

/** An address of a test as the program holds it. */
export function rawIp(address: string): RawIp {
  if (!isIPv4(address)) return new RawIp(bytesOf(address));
  return new RawIp(Uint8Array.from([...Array(10).fill(0), 255, 255, ...bytesOf(address)]));
}
