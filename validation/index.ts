/**
 * Protocols that check claims over log files and over a cache, as functions; PROTOCOLS.md states the claims.
 *
 * @module
 */

export type { Finding, LogFinding } from './finding.js';
export type { LogReport, ProtocolReport, ReasonReport } from './log-report.js';
export type { Protocol } from './protocol.js';
export { PROTOCOLS, ProtocolError, protocolsOf } from './protocols.js';
export { validateCache } from './validate-cache.js';
export { type ValidateLogsOptions, validateLogs } from './validate-logs.js';
