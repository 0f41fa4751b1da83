import { Suspense, lazy } from 'react';
import { SignIn } from '../account/SignIn';
import { session } from './broker';
import { useStore } from './store';

const loadShell = (): Promise<{ default: typeof import('./Shell').Shell }> =>
  import('./Shell').then((module) => ({ default: module.Shell }));
const Shell = lazy(loadShell);

// Who was here last will need it: fetched while the session is being renewed.
if (session.remembered()) void loadShell();

export function App() {
  const phase = useStore((state) => state.phase);
  if (phase === 'starting') return null;
  if (phase === 'signed-out') return <SignIn onIdle={() => void loadShell()} />;
  return (
    <Suspense fallback={null}>
      <Shell />
    </Suspense>
  );
}
