import { type ParleyError, type Grant, type Presence, type Signal, type User } from '@parley/sdk';
import * as conversation from '../conversation/actions';
import { applyReadMark, dropRoom, refreshRooms, sendReadMarks } from '../rooms/actions';
import { broker, endBroker, rest, session, startBroker } from './broker';
import { currentRoute, roomPath } from './router';
import { get, initialState, set, setIn, type State } from './store';

const LAST_ROOM = 'parley.room';

/** Called once: shows a known user's rooms from the cache at once, and asks the server meanwhile. */
export async function start(): Promise<void> {
  rest
    .info()
    .then((info) => {
      set({ info });
    })
    .catch(() => undefined);
  session.onStranger(() => {
    endBroker();
    location.reload();
  });
  const known = session.remembered();
  if (known) await enter(known);
  else set({ phase: 'signed-out' });
}

export async function signIn(grant: Grant): Promise<void> {
  session.accept(grant);
  await enter(grant.user);
}

async function enter(user: User): Promise<void> {
  const { client, cache } = startBroker(user.id);
  const [rooms, drafts] = await Promise.all([
    cache.rooms().catch(() => []),
    cache.drafts().catch(() => ({})),
  ]);
  set({
    ...initialState,
    info: get().info,
    me: user,
    rooms: Object.fromEntries(rooms.map((room) => [room.name, room])),
    drafts,
    phase: 'ready',
  });
  const last = localStorage.getItem(LAST_ROOM);
  const wide = window.matchMedia('(min-width: 640px)').matches;
  if (!currentRoute().room && wide && last && rooms.some((room) => room.name === last)) {
    history.replaceState(null, '', roomPath(last));
    window.dispatchEvent(new HashChangeEvent('hashchange'));
  }

  client.on('state', (connection) => {
    set({ connection });
    if (connection.status === 'stopped') stopped(connection.error);
  });
  client.on('session', ({ user: confirmed }) => {
    set({ me: confirmed });
    void refreshRooms().then(() => {
      const { open } = get();
      if (open !== undefined) void conversation.openRoom(open);
    });
    sendReadMarks();
  });
  client.on('entry', conversation.receive);
  client.on('gap', ({ room, to }) => {
    conversation.receiveGap(room, to);
  });
  client.on('reset', ({ room }) => void conversation.startAnew(room));
  client.on('detached', ({ room, error }) => {
    detached(room, error);
  });
  client.on('signal', signalled);
  client.on('presence', ({ room, count, users }: Presence) => {
    setIn('people', room, () => ({ count, users }));
  });
  client.on('queued', conversation.queued);
  client.on('sent', ({ item, receipt }) => {
    conversation.sent(item, receipt);
  });
  client.on('failed', ({ item, error }) => {
    conversation.failed(item, error);
  });
  client.on('discarded', conversation.discarded);
  client.connect();
}

/** The server no longer knows us: back to the door, with unsent messages kept for next time. */
function stopped(error: ParleyError): void {
  if (error.code !== 'unauthorized') return;
  const guest = get().me?.guest === true;
  endBroker();
  // Another tab may have signed somebody in meanwhile; then that is who is here.
  if (session.isStranger(session.stored())) {
    location.reload();
    return;
  }
  session.forget();
  const notice = guest ? 'Your guest session has ended.' : 'Please sign in again.';
  set({ ...initialState, info: get().info, phase: 'signed-out', notice });
}

export async function signOut(door: State['door'] = 'sign-in'): Promise<void> {
  const cache = broker()?.cache;
  endBroker();
  await rest.logout().catch(() => undefined);
  session.forget();
  localStorage.removeItem(LAST_ROOM);
  await cache?.destroy();
  history.replaceState(null, '', '#/');
  window.dispatchEvent(new HashChangeEvent('hashchange'));
  set({ ...initialState, info: get().info, phase: 'signed-out', door });
}

function detached(room: string, error: ParleyError): void {
  if (error.code !== 'forbidden' && error.code !== 'not_found') return;
  dropRoom(room);
  const code = error.code;
  set((state) => ({ trouble: { ...state.trouble, [room]: code } }));
}

function signalled({ room, signal, uid, from, body }: Signal): void {
  if (signal === 'typing') conversation.startTyping(room, uid, from);
  if (signal === 'read' && typeof body.seq === 'number') applyReadMark(room, body.seq);
  if (signal === 'presence') presenceChanged(room, body as unknown as PresenceChange);
}

interface PresenceChange {
  count: number;
  joined?: { id: string; name: string }[];
  left?: { id: string; name: string }[];
}

function presenceChanged(room: string, { count, joined = [], left = [] }: PresenceChange): void {
  setIn('people', room, (known) => {
    if (!known) return known;
    const gone = new Set([...left, ...joined].map((person) => person.id));
    return { count, users: [...known.users.filter((person) => !gone.has(person.id)), ...joined] };
  });
}

/** Remembers where to begin next time. */
export function rememberRoom(room: string): void {
  localStorage.setItem(LAST_ROOM, room);
}

/** The network seems to be gone: asks for a sign of life instead of waiting for the next one. */
export function checkLine(): void {
  broker()?.client.retryNow();
}

/** Coming back to the tab or the network: no waiting, and a look at rooms one was invited to. */
export function wakeUp(): void {
  const client = broker()?.client;
  client?.retryNow();
  if (client?.state.status === 'online') void refreshRooms();
}
