// The network between one person's browser and the broker: it can be cut, and it can let everything through but WebSockets.
import net from 'node:net';
import { freePort } from '../../integration/lib/ports.mjs';

export class Proxy {
  static async start(target) {
    const proxy = new Proxy();
    proxy.mode = 'open'; // 'open', 'no-websocket', 'closed'
    proxy.sockets = new Set();
    proxy.port = await freePort();
    proxy.server = net.createServer((client) => proxy.accepted(client, target));
    await new Promise((done) => proxy.server.listen(proxy.port, '127.0.0.1', done));
    proxy.url = `http://127.0.0.1:${proxy.port}`;
    return proxy;
  }

  accepted(client, target) {
    if (this.mode === 'closed') return void client.destroy();
    const upstream = net.connect(target, '127.0.0.1');
    const both = [client, upstream];
    for (const socket of both) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => both.forEach((one) => one.destroy()));
      socket.on('close', () => {
        both.forEach((one) => one.destroy());
        this.sockets.delete(socket);
      });
    }
    client.on('data', (bytes) => {
      if (this.mode !== 'open' && bytes.toString('latin1', 0, 200).startsWith('GET /ws ')) return void client.destroy();
      return void upstream.write(bytes);
    });
    upstream.on('data', (bytes) => client.write(bytes));
    return undefined;
  }

  // Connections under way are cut; new ones are treated as the mode says.
  set(mode) {
    this.mode = mode;
    if (mode !== 'open') for (const socket of this.sockets) socket.destroy();
  }

  stop() {
    this.set('closed');
    this.server.close();
  }
}
