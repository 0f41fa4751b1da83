// A free port of 127.0.0.1 that no other test process is given. The broker listens with SO_REUSEPORT, so two brokers of one user could share
// a port unnoticed: each port is guarded by an exclusive listener on its odd neighbour for as long as this process lives.
// Below the kernel's ephemeral range, so that no outgoing connection takes one.
import net from 'node:net';

function tryListen(port) {
  return new Promise((done) => {
    const server = net.createServer();
    server.unref();
    server.once('error', () => done(null));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => done(server));
  });
}

const guards = [];

export async function freePort() {
  for (let attempt = 0; attempt < 500; ++attempt) {
    const port = 20_000 + 2 * Math.floor(Math.random() * 6_000);
    const guard = await tryListen(port + 1);
    if (!guard) continue;
    const probe = await tryListen(port);
    if (probe) {
      guards.push(guard);
      await new Promise((done) => probe.close(done));
      return port;
    }
    guard.close();
  }
  throw new Error('no free port found');
}
