// HAProxy before the replicas, with the PROXY protocol and a look at /readyz; on a free port, in a folder of its own.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './broker.mjs';
import { freePort } from './ports.mjs';
import { until, within } from './wait.mjs';
import { atExit } from './at_exit.mjs';

export class HaProxy {
  static async start(ports) {
    const proxy = new HaProxy();
    proxy.port = await freePort();
    proxy.url = `http://127.0.0.1:${proxy.port}`;
    proxy.wsUrl = `ws://127.0.0.1:${proxy.port}/ws`;
    const file = join(temporaryFolder(), 'haproxy.cfg');
    const server = (port, i) =>
      `  server replica${i} 127.0.0.1:${port} source 127.0.0.2 send-proxy-v2 check check-send-proxy inter 100ms fall 1 rise 1`;
    // A draining replica is down for newcomers, and its sessions live on.
    writeFileSync(
      file,
      `global
  maxconn 1000
defaults
  mode tcp
  timeout connect 1s
  timeout client 60s
  timeout server 60s
  option redispatch
  retries 3
frontend clients
  bind 127.0.0.1:${proxy.port}
  default_backend replicas
backend replicas
  balance roundrobin
  option httpchk GET /readyz
${ports.map(server).join('\n')}
`,
    );
    proxy.child = spawn('haproxy', ['-f', file, '-db'], { stdio: 'ignore' });
    proxy.child.unref();
    atExit(() => proxy.child.kill('SIGKILL'));
    proxy.exited = new Promise((done) => proxy.child.once('close', done));
    const ready = async () => (await fetch(`${proxy.url}/readyz`).catch(() => null))?.status === 200;
    await until(ready, 'HAProxy passes requests on');
    return proxy;
  }
  async stop() {
    this.child.kill('SIGKILL');
    await within(this.exited, 'haproxy ends');
  }
}
