import type { Telemetry } from './telemetry.js';

/** Nobody wants to know. */
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
