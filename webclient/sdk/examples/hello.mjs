// Node 22 has a WebSocket of its own; for older ones pass { WebSocket } of the package "ws".
import { ParleyClient } from '@parley/sdk';

const client = new ParleyClient({ url: process.argv[2] ?? 'ws://127.0.0.1:8080/ws', name: 'hello' });
client.on('entry', (entry) => console.log(`${entry.seq} ${entry.from}: ${entry.body.text ?? ''}`));
client.connect();
await client.subscribe('general', { since: 0 });
await client.publish('general', { text: 'Hello from Node.' });
setTimeout(() => client.close(), 500);
