import { ParleyClient } from '@parley/sdk';

// Node 22 brings a WebSocket; before that the package "ws" has one.
const WebSocket = globalThis.WebSocket ?? (await import('ws')).WebSocket;
const url = process.argv[2] ?? 'ws://127.0.0.1:8080/ws';
const client = new ParleyClient({ url, name: 'hello', WebSocket });
const cid = client.newCid();
client.on('entry', (entry) => console.log(`${entry.seq} ${entry.from}: ${entry.body.text ?? entry.type}`));
client.on('entry', (entry) => entry.cid === cid && client.close());
client.connect();
await client.subscribe('general', { since: 0 });
client.publish('general', { text: 'Hello from Node.' }, { cid });
