/** The objects of the wire protocols, as they travel (see docs/protocol.md). */

export type Body = Record<string, unknown>;

export interface Person {
  id: string;
  name: string;
}

export interface User extends Person {
  guest: boolean;
}

export type Role = 'owner' | 'moderator' | 'member' | 'guest' | 'banned';
export type Visibility = 'public' | 'private';
export type Keep = 'all' | 'acked';

export interface Reaction {
  key: string;
  count: number;
  mine: boolean;
  /** Up to ten of the people behind `count`. */
  names: string[];
}

/** One element of a room's log. `reactions` only comes with pages of history. */
export interface Entry {
  room: string;
  seq: number;
  type: string;
  from: string;
  uid: string;
  ts: number;
  body: Body;
  cid?: string;
  /** The room's running count of messages up to and including this entry. */
  n?: number;
  target?: number;
  edited?: boolean;
  deleted?: boolean;
  reactions?: Reaction[];
  content_type?: string;
}

export interface Room {
  name: string;
  title: string;
  visibility: Visibility;
  keep: Keep;
  created: number;
  head: number;
  floor: number;
  epoch: string;
  messages: number;
  last_ts: number;
  members: number;
  role: Role;
  read: number;
  unread: number;
}

export interface Member extends Person {
  role: Role;
  joined: number;
}

/** A page of history, oldest entry first, with changes folded in up to `as_of`. */
export interface Page {
  entries: Entry[];
  as_of: number;
  head: number;
  floor: number;
  epoch: string;
  more: boolean;
}

export interface Limits {
  window?: number;
  window_bytes?: number;
  [name: string]: unknown;
}

export interface ServerInfo {
  version: string;
  anonymous: boolean;
  registration: boolean;
  limits: Limits;
}

export interface Grant {
  user: User;
  access_token: string;
  expires_in: number;
}

/** The answer to `connect`. `token` comes only to a guest who came without one. */
export interface Session {
  user: User;
  session: string;
  server: string;
  heartbeat: number;
  expires_in?: number;
  limits: Limits;
  token?: string;
}

export interface Subscribed {
  room: string;
  head: number;
  floor: number;
  epoch: string;
  recovered: boolean;
  role: Role;
}

export interface Presence {
  room: string;
  count: number;
  users: Person[];
}

export interface Receipt {
  seq: number;
  ts: number;
  duplicate?: boolean;
}

export interface Signal {
  room: string;
  signal: string;
  from: string;
  uid: string;
  body: Body;
}

export type EntryType = 'message' | 'edit' | 'delete' | 'reaction' | 'pin';
