import type { ConnectionState, Person, Room, RoomState, ServerInfo, User } from '@parley/sdk';
import { create } from 'zustand';

export interface Loading {
  newest?: boolean;
  older?: boolean;
  /** A sentence for the reader, when the last load did not work. */
  error?: string;
}

export interface Typist {
  name: string;
  until: number;
}

/** Why an open room cannot be shown. */
export type RoomTrouble = 'not_found' | 'forbidden';

export interface State {
  // Account
  phase: 'starting' | 'signed-out' | 'ready';
  me: User | undefined;
  info: ServerInfo | undefined;
  notice: string | undefined;
  /** Which form stands at the door. */
  door: 'sign-in' | 'register';
  // Connection
  connection: ConnectionState;
  unsent: number;
  // Rooms
  rooms: Record<string, Room>;
  roomsFresh: boolean;
  roomsError: string | undefined;
  trouble: Record<string, RoomTrouble>;
  // Conversations
  open: string | undefined;
  logs: Record<string, RoomState>;
  loading: Record<string, Loading>;
  /** The read mark at the time a room was opened: the unread line stands behind it. */
  dividers: Record<string, number>;
  people: Record<string, { count: number; users: Person[] }>;
  typing: Record<string, Record<string, Typist>>;
  readOnly: Record<string, boolean>;
  // Composer
  drafts: Record<string, string>;
  editing: { room: string; key: string } | undefined;
}

export const initialState: State = {
  phase: 'starting',
  me: undefined,
  info: undefined,
  notice: undefined,
  door: 'sign-in',
  connection: { status: 'idle' },
  unsent: 0,
  rooms: {},
  roomsFresh: false,
  roomsError: undefined,
  trouble: {},
  open: undefined,
  logs: {},
  loading: {},
  dividers: {},
  people: {},
  typing: {},
  readOnly: {},
  drafts: {},
  editing: undefined,
};

export const useStore = create<State>()(() => initialState);

export const get = useStore.getState;
export const set = useStore.setState;

/** Changes one entry of a record of the store; nothing happens when `change` gives back what it got. */
export function setIn<K extends 'rooms' | 'logs' | 'loading' | 'people' | 'typing'>(
  field: K,
  key: string,
  change: (value: State[K][string] | undefined) => State[K][string] | undefined,
): void {
  set((state) => {
    const record = state[field] as Record<string, State[K][string]>;
    const before = record[key];
    const after = change(before);
    if (after === before) return state;
    const next = { ...record };
    if (after === undefined) delete next[key];
    else next[key] = after;
    return { [field]: next } as Partial<State>;
  });
}
