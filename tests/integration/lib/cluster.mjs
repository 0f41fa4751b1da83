// Two replicas over one PostgreSQL and one Redis, each reached through a proxy of the replica's own.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { Broker, temporaryFolder } from './broker.mjs';
import { Postgres, Redis, TcpProxy } from './servers.mjs';

export class Cluster {
  static async start({ replicas = 2, redis = true, args = [] } = {}) {
    const cluster = new Cluster();
    cluster.postgres = await Postgres.start();
    cluster.redis = redis ? await Redis.start() : null;
    cluster.replicas = [];
    cluster.more = args;
    for (let i = 0; i < replicas; ++i) {
      const database = await TcpProxy.start(cluster.postgres.port);
      const bus = redis ? await TcpProxy.start(cluster.redis.port) : null;
      const dataDir = temporaryFolder();
      // One key signs the tokens of all replicas.
      if (i > 0) copyFileSync(join(cluster.replicas[0].dataDir, 'token.keys'), join(dataDir, 'token.keys'));
      const replica = { database, bus, dataDir };
      cluster.replicas.push(replica);
      replica.broker = await Broker.start({ dataDir, args: cluster.args(replica) });
    }
    return cluster;
  }

  args({ database, bus }) {
    const redis = bus ? ['--redis', `redis://127.0.0.1:${bus.port}`] : [];
    const all = ['--anonymous', '--database', this.postgres.urlThrough(database.port), ...redis];
    return [...all, '--drain-spread', '300ms', '--drain-grace', '100ms', ...this.more];
  }

  broker(i) {
    return this.replicas[i].broker;
  }
  wsUrls() {
    return this.replicas.map(({ broker }) => broker.wsUrl);
  }

  async restart(i) {
    const replica = this.replicas[i];
    replica.broker = await replica.broker.again({ args: this.args(replica) });
  }

  async readiness(i) {
    const answer = await fetch(`${this.broker(i).url}/readyz`);
    return answer.json();
  }

  async stop() {
    for (const { broker } of this.replicas) await broker.stop();
    for (const { database, bus } of this.replicas) {
      database.stop();
      bus?.stop();
    }
    await this.redis?.stop();
    await this.postgres.stop();
  }
}
