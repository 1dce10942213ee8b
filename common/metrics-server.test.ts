import { once } from 'node:events';
import { connect } from 'node:net';
import { Gauge, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { listenerLimits } from './listener-limits.ts';
import { silentLogger } from './log.ts';
import { metricsTask } from './metrics-server.ts';
import { runTasks } from './task.ts';

async function withServer(work: (base: string, readiness: { ready: boolean }) => Promise<void>) {
  const registry = new Registry();
  new Gauge({ name: 'turnpike_test', help: 'A test.', registers: [registry] }).set(5);
  const readiness = { ready: false };
  const stop = new AbortController();
  const { promise: port, resolve } = Promise.withResolvers<number>();
  const task = metricsTask(
    { host: '127.0.0.1', port: 0 },
    { registry, isReady: () => readiness.ready, log: silentLogger, onListening: resolve },
  );
  const running = runTasks([task], stop.signal, { log: silentLogger });
  try {
    await work(`http://127.0.0.1:${await port}`, readiness);
  } finally {
    stop.abort();
    await running;
  }
}

describe('the metrics listener', () => {
  it('is alive at once, and ready when everything is', async () => {
    await withServer(async (base, readiness) => {
      expect((await fetch(`${base}/healthz`)).status).toBe(200);
      expect((await fetch(`${base}/readyz`)).status).toBe(503);
      readiness.ready = true;
      expect((await fetch(`${base}/readyz`)).status).toBe(200);
    });
  });

  it('shows metrics, and nothing else', async () => {
    await withServer(async (base) => {
      const answer = await fetch(`${base}/metrics`);
      expect(answer.headers.get('content-type')).toContain('text/plain');
      expect(await answer.text()).toContain('turnpike_test 5');
      expect((await fetch(`${base}/v1/status`)).status).toBe(404);
      expect((await fetch(`${base}/metrics`, { method: 'POST' })).status).toBe(405);
    });
  });

  it('is read, however many connections ask nothing', async () => {
    await withServer(async (base) => {
      const port = Number(new URL(base).port);
      const idle = Array.from({ length: listenerLimits.metrics.crowd.connections + 20 }, () =>
        connect(port, '127.0.0.1').on('error', () => undefined),
      );
      await Promise.all(idle.slice(0, 20).map((socket) => once(socket, 'close')));
      expect((await fetch(`${base}/metrics`)).status).toBe(200);
      for (const socket of idle) socket.destroy();
    });
  });

  it('says which key is to be changed when its port is taken', async () => {
    await withServer(async (base) => {
      const port = Number(new URL(base).port);
      const options = { registry: new Registry(), isReady: () => true, log: silentLogger };
      const second = metricsTask({ host: '127.0.0.1', port }, options);
      await expect(runTasks([second], new AbortController().signal, { log: silentLogger })).rejects.toThrow(
        `metrics.listen 127.0.0.1:${port} is taken`,
      );
    });
  });
});
