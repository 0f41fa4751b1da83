// A rolling restart behind HAProxy with the PROXY protocol, under load.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';
import { Cluster } from './lib/cluster.mjs';
import { faultRun } from './lib/faults.mjs';
import { HaProxy } from './lib/haproxy.mjs';
import { Seeded, seed } from './lib/random.mjs';
import { until } from './lib/wait.mjs';

describe('behind HAProxy', () => {
  let cluster;
  let haproxy;
  before(async () => {
    cluster = await Cluster.start({
      args: ['--trusted-proxy', '127.0.0.2', '--proxy-protocol'],
    });
    haproxy = await HaProxy.start(cluster.replicas.map(({ broker }) => broker.port));
  });
  after(async () => {
    await haproxy?.stop();
    await cluster?.stop();
  });

  it('one replica after another is restarted: nothing is lost, doubled or out of order', async () => {
    const roll = async () => {
      for (const i of [0, 1]) {
        await cluster.broker(i).stop();
        await cluster.restart(i);
      }
    };
    const row = await faultRun(cluster, roll, new Seeded(seed), () => [haproxy.wsUrl]);
    console.log(`seed ${seed}: ${JSON.stringify(row)}`);
    assert.ok(row.acked > 0);
    assert.deepEqual([row.lost, row.doubled, row.disorder, row.notes], [0, 0, 0, []]);
  });

  it('a trusted proxy that sends no PROXY header is turned away', async () => {
    const socket = net.connect({ port: cluster.broker(0).port, host: '127.0.0.1', localAddress: '127.0.0.2' });
    socket.on('error', () => {});
    socket.write('GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n');
    let answer = '';
    socket.on('data', (bytes) => (answer += bytes));
    await until(() => socket.closed || socket.destroyed, 'the connection is closed');
    assert.equal(answer, '');
  });
});
