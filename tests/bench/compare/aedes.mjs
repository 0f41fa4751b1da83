// An MQTT broker of aedes on a port: node aedes.mjs PORT
import net from 'node:net';
import { Aedes } from 'aedes';

const broker = await Aedes.createBroker({ concurrency: 10_000 });
net.createServer({ noDelay: true }, broker.handle).listen(Number(process.argv[2]), '127.0.0.1');
