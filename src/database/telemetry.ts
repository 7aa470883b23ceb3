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

/** Nobody does. */
const NONE: Telemetry = {
  span: (_name, work) => work({}),
  ended: () => undefined,
  close: () => Promise.resolve(),
};

/**
 * As the standard variables of OpenTelemetry say: spans are sent when `OTEL_EXPORTER_OTLP_ENDPOINT` or
 * `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` is set, over HTTP. Otherwise nothing of it is even loaded.
 *
 * @param warn tells why nothing is sent
 */
export async function openTelemetry(
  env: NodeJS.ProcessEnv,
  warn: (message: string) => void,
): Promise<Telemetry> {
  const isSet = [env.OTEL_EXPORTER_OTLP_ENDPOINT, env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT].some(
    (value) => value !== undefined && value !== '',
  );
  if (
    !isSet ||
    env.OTEL_SDK_DISABLED?.toLowerCase() === 'true' ||
    env.OTEL_TRACES_EXPORTER === 'none'
  ) {
    return NONE;
  }
  const { createTelemetry } = await import('./otlp-telemetry.js');
  return createTelemetry(env, warn);
}
