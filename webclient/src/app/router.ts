import { useSyncExternalStore } from 'react';

export interface Route {
  room?: string;
  details: boolean;
}

const DETAILS = '/~details';

/** `#/r/<room>` and `#/r/<room>/~details`; the room is one percent-encoded segment. */
export function parseRoute(hash: string): Route {
  const match = /^#\/r\/([^/]+)(\/~details)?$/.exec(hash);
  if (!match?.[1]) return { details: false };
  try {
    return { room: decodeURIComponent(match[1]), details: match[2] !== undefined };
  } catch {
    return { details: false };
  }
}

export function roomPath(room: string, details = false): string {
  return `#/r/${encodeURIComponent(room)}${details ? DETAILS : ''}`;
}

export function go(path: string, replace = false): void {
  if (path === location.hash) return;
  if (replace) {
    history.replaceState(null, '', path);
    window.dispatchEvent(new HashChangeEvent('hashchange'));
  } else {
    location.hash = path;
  }
}

export function currentRoute(): Route {
  return parseRoute(location.hash);
}

function subscribe(listener: () => void): () => void {
  window.addEventListener('hashchange', listener);
  return () => {
    window.removeEventListener('hashchange', listener);
  };
}

export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(subscribe, () => location.hash));
}
