/** `--metrics`: what a run has done so far, for Prometheus, while it goes on. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { usageError } from '../core/errors.ts';
import { isLoopback } from '../core/loopback.ts';
import { createMetrics, METRICS_TYPE } from '../report/metrics.ts';
import type { Reporter } from '../report/reporter.ts';

export interface MetricsServer extends Reporter {
  readonly url: string;
}

/** @throws EverypageError USAGE where the port is taken, or may not be used */
export async function startMetricsServer({
  host,
  port,
}: {
  readonly host: string;
  readonly port: number;
}): Promise<MetricsServer> {
  const metrics = createMetrics();
  const literal = host.includes(':') ? `[${host}]` : host;
  const server = createServer((request, response) => {
    if (isLoopback(literal) && !isLoopback(request.headers.host ?? '')) {
      response.statusCode = 421;
      response.end('Ask for it by 127.0.0.1 or localhost.\n');
      return;
    }
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (!isRead || request.url?.split('?', 1)[0] !== '/metrics') {
      response.statusCode = 404;
      response.end('The metrics are at /metrics.\n');
      return;
    }
    response.setHeader('content-type', METRICS_TYPE);
    response.end(metrics.text());
  });
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw usageError(`--metrics: ${(error as Error).message}; give another port`);
  }
  // A run does not wait for whoever reads its metrics.
  server.unref();
  const bound = server.address();
  return {
    url: `http://${literal}:${typeof bound === 'object' ? bound?.port : port}/metrics`,
    sink: metrics.sink,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
