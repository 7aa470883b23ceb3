/**
 * Where the fields stand of the line that `takeLine` took last. Kept only in the build that makes rows of a database
 * (src/database/assembly), whose asconfig.json gives the compiler KEEP_FIELDS as 1; the user agent also in the one for pipelines
 * (src/pipeline/assembly), with KEEP_AGENTS as 1. In the usual one nothing of this is left.
 */
import { SPACE } from './bytes';

export let ownerStart: usize = 0;
export let bucketStart: usize = 0;
export let bucketEnd: usize = 0;
/** 4 or 6; 0 when the line names no address. */
export let addressVersion: i32 = 0;
export let requesterStart: usize = 0;
export let requesterEnd: usize = 0;
export let requestIdStart: usize = 0;
export let requestIdEnd: usize = 0;
export let operationStart: usize = 0;
export let operationEnd: usize = 0;
export let keyStart: usize = 0;
export let keyEnd: usize = 0;
export let requestUriStart: usize = 0;
export let requestUriEnd: usize = 0;
/** 0 for `-`. */
export let httpStatus: i32 = 0;
export let errorCodeStart: usize = 0;
export let errorCodeEnd: usize = 0;
/** Bytes sent, object size, total and turn-around time, a space after each. */
export let numbersStart: usize = 0;
export let refererStart: usize = 0;
export let refererEnd: usize = 0;
export let agentStart: usize = 0;
export let agentEnd: usize = 0;
/** Behind the user agent and a space; beyond the end of the line when nothing stands there. */
export let tailStart: usize = 0;

export function keepsFields(): bool {
  return KEEP_FIELDS !== 0;
}

export function keepBucket(owner: usize, start: usize, end: usize): void {
  if (!KEEP_FIELDS) return;
  ownerStart = owner;
  bucketStart = start;
  bucketEnd = end;
}

export function keepAddressVersion(version: i32): void {
  if (KEEP_FIELDS) addressVersion = version;
}

/** The request id is the word before the operation; what stands before it is the requester's, which may have several. */
export function keepRequester(requester: usize, start: usize, end: usize): void {
  if (!KEEP_FIELDS) return;
  operationStart = start;
  operationEnd = end;
  requestIdEnd = start - 1;
  let i = requestIdEnd;
  while (load<u8>(i - 1) !== SPACE) i--;
  requestIdStart = i;
  requesterStart = requester;
  requesterEnd = i - 1;
}

export function keepKey(start: usize, end: usize): void {
  if (!KEEP_FIELDS) return;
  keyStart = start;
  keyEnd = end;
}

export function keepRequestUri(start: usize, end: usize): void {
  if (!KEEP_FIELDS) return;
  requestUriStart = start;
  requestUriEnd = end;
}

export function keepStatus(status: i32, errorCode: usize, numbers: usize): void {
  if (!KEEP_FIELDS) return;
  httpStatus = status;
  errorCodeStart = errorCode;
  errorCodeEnd = numbers - 1;
  numbersStart = numbers;
}

export function keepReferer(start: usize, end: usize): void {
  if (!KEEP_FIELDS) return;
  refererStart = start;
  refererEnd = end;
}

export function keepAgent(start: usize, end: usize, tail: usize): void {
  if (!KEEP_FIELDS && !KEEP_AGENTS) return;
  agentStart = start;
  agentEnd = end;
  tailStart = tail;
}
