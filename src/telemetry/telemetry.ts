/** What spans tell: counts and words of ours, never names, keys, addresses or secrets. */
export type SpanAttributes = Readonly<
  Record<string, number | boolean | 'collect' | 'clean' | 'usage'>
>;

/** Records how long things take, if anybody wants to know. */
export interface Telemetry {
  /** Do something within a span; what it adds to `attributes` is told when it ends. */
  span<T>(
    name: string,
    work: (attributes: Record<string, number | boolean>) => Promise<T>,
  ): Promise<T>;
  /** A span that has ended already, within the one at hand. Milliseconds since 1970. */
  ended(name: string, startMs: number, endMs: number, attributes: SpanAttributes): void;
  /** Send what has not been sent. */
  close(): Promise<void>;
}
