import { Counter, Histogram, type Registry } from 'prom-client';

export interface ApiMetrics {
  answered(request: { method: string; route: string; status: number }, seconds: number): void;
}

export function createApiMetrics(registry: Registry): ApiMetrics {
  const requests = new Counter({
    name: 'turnpike_api_requests_total',
    help: 'Requests to the HTTP API, by method, route and status.',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  });
  const durations = new Histogram({
    name: 'turnpike_api_request_duration_seconds',
    help: 'How long requests to the HTTP API took, by method and route.',
    labelNames: ['method', 'route'],
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3],
    registers: [registry],
  });
  return {
    answered: ({ method, route, status }, seconds) => {
      requests.inc({ method, route, status });
      durations.observe({ method, route }, seconds);
    },
  };
}
