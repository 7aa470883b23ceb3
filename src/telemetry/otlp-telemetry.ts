import { context, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-base';
import { systemErrorCode } from '../../cache/error.js';
import type { Telemetry } from './telemetry.js';

/** A receiver that does not answer must not keep a run from ending. */
const CLOSE_MS = 10_000;

export async function createTelemetry(
  env: NodeJS.ProcessEnv,
  warn: (message: string) => void,
): Promise<Telemetry> {
  const exporter = await exporterOf(env, warn);
  const resource = resourceFromAttributes({ 'service.name': 's3logextraction' });
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(resource)
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  const tracer = provider.getTracer('s3logextraction');
  let current: Span | undefined;
  const within = () =>
    current === undefined ? context.active() : trace.setSpan(context.active(), current);
  return {
    async span(name, work) {
      const outer = current;
      const isDatabase = name.startsWith('database.');
      const system = isDatabase ? { 'db.system.name': 'postgresql' } : {};
      const span = tracer.startSpan(name, { attributes: system }, within());
      current = span;
      const attributes: Record<string, number | boolean> = {};
      try {
        return await work(attributes);
      } catch (error) {
        // The code of an error is a word of ours, or of the system's; its message may name things.
        span.setStatus({ code: SpanStatusCode.ERROR });
        span.setAttribute('error.type', systemErrorCode(error) ?? 'INTERNAL_ERROR');
        throw error;
      } finally {
        span.setAttributes(attributes);
        span.end();
        current = outer;
      }
    },
    ended(name, startMs, endMs, attributes) {
      tracer.startSpan(name, { startTime: startMs, attributes }, within()).end(endMs);
    },
    async close() {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error('late')), CLOSE_MS);
      });
      try {
        await Promise.race([provider.forceFlush().then(() => provider.shutdown()), late]);
      } catch {
        warn('Spans could not be sent to where OTEL_EXPORTER_OTLP_ENDPOINT says.');
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/** `http/protobuf` unless the variables say `http/json`; both read endpoint, headers and timeout from their variables. */
async function exporterOf(
  env: NodeJS.ProcessEnv,
  warn: (message: string) => void,
): Promise<SpanExporter> {
  const protocol = env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL || env.OTEL_EXPORTER_OTLP_PROTOCOL;
  if (protocol === 'http/json') {
    return new (await import('@opentelemetry/exporter-trace-otlp-http')).OTLPTraceExporter();
  }
  if (protocol !== undefined && protocol !== '' && protocol !== 'http/protobuf') {
    warn(
      'Of OTEL_EXPORTER_OTLP_PROTOCOL only http/protobuf and http/json are known; spans are sent as the former.',
    );
  }
  return new (await import('@opentelemetry/exporter-trace-otlp-proto')).OTLPTraceExporter();
}
