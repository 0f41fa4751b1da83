import { ParleyClient, RestClient } from '@parley/sdk';
import { SessionKeeper } from '../account/session';
import { Cache } from './cache';

/** The connection to the server, shared by all features. */
export const rest: RestClient = new RestClient({
  token: () => session.current(),
  renew: () => session.renewed(),
});

export const session: SessionKeeper = new SessionKeeper(rest);

interface Broker {
  client: ParleyClient;
  cache: Cache;
}

let current: Broker | undefined;

export function broker(): Broker | undefined {
  return current;
}

export function startBroker(userId: string): Broker {
  const cache = Cache.forUser(userId);
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  const client = new ParleyClient({
    url: `${scheme}//${location.host}/ws`,
    token: (renew) => session.access(renew),
    client: 'web',
    outbox: cache,
  });
  current = { client, cache };
  return current;
}

export function endBroker(): void {
  current?.client.close();
  current = undefined;
}
