import { ParleyError, type Grant } from '@parley/sdk';
import { useEffect, useId, useRef, useState, type FormEvent } from 'react';
import { rest } from '../app/broker';
import { signIn } from '../app/start';
import { get, useStore, type State } from '../app/store';
import { nameProblem, passwordProblem } from './rules';
import './sign-in.css';

type Mode = State['door'];

/** `onIdle` runs once the form stands, to fetch what comes after it. */
export function SignIn({ onIdle }: { onIdle: () => void }) {
  const info = useStore((state) => state.info);
  const notice = useStore((state) => state.notice);
  const [mode, setMode] = useState<Mode>(() => get().door);
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const id = useId();
  const registering = mode === 'register';

  useEffect(onIdle, [onIdle]);

  const enter = async (ask: () => Promise<Grant>): Promise<void> => {
    setBusy(true);
    setProblem(undefined);
    try {
      await signIn(await ask());
    } catch (cause) {
      setProblem(sentence(ParleyError.from(cause), mode));
      setBusy(false);
    }
  };

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const found = nameProblem(name) ?? (registering ? passwordProblem(password) : undefined);
    setProblem(found);
    if (found) return;
    void enter(() => (registering ? rest.register(name, password) : rest.login(name, password)));
  };

  const swap = (): void => {
    setMode(registering ? 'sign-in' : 'register');
    setProblem(undefined);
    form.current?.querySelector('input')?.focus();
  };

  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <img src="/favicon.svg" alt="" width={40} height={40} />
        <h1>{registering ? 'Create your account' : 'Sign in to Parley'}</h1>
        {notice && !problem ? (
          <p className="sign-in-notice" role="status">
            {notice}
          </p>
        ) : null}
        <form ref={form} onSubmit={submit} noValidate>
          <div className="field">
            <label htmlFor={`${id}-name`}>Name</label>
            <input
              id={`${id}-name`}
              className="input"
              value={name}
              onChange={(event) => {
                setName(event.target.value);
              }}
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              required
            />
          </div>
          <div className="field">
            <label htmlFor={`${id}-password`}>Password</label>
            <input
              id={`${id}-password`}
              className="input"
              type="password"
              value={password}
              onChange={(event) => {
                setPassword(event.target.value);
              }}
              autoComplete={registering ? 'new-password' : 'current-password'}
              aria-describedby={registering ? `${id}-hint` : undefined}
              required
            />
            {registering ? (
              <span className="hint" id={`${id}-hint`}>
                At least 8 characters. A few words are easier to remember.
              </span>
            ) : null}
          </div>
          {problem ? (
            <p className="form-error" role="alert">
              {problem}
            </p>
          ) : null}
          <button className="button primary" type="submit" disabled={busy}>
            {registering ? 'Create account' : 'Sign in'}
          </button>
        </form>
        {info?.anonymous ? (
          <>
            <div className="sign-in-or">or</div>
            <button
              className="button"
              type="button"
              disabled={busy}
              onClick={() => void enter(() => rest.guest(nameProblem(name) ? undefined : name))}
            >
              Continue as guest
            </button>
          </>
        ) : null}
        {info?.registration === false ? null : (
          <p className="sign-in-swap">
            {registering ? 'You have an account?' : 'New here?'}{' '}
            <button type="button" className="link-button" onClick={swap}>
              {registering ? 'Sign in instead' : 'Create an account'}
            </button>
          </p>
        )}
      </div>
    </main>
  );
}

function sentence(error: ParleyError, mode: Mode): string {
  switch (error.code) {
    case 'unauthorized':
      return 'The name or the password is not right.';
    case 'conflict':
      return mode === 'register' ? 'This name is taken. Choose another one.' : error.message;
    case 'offline':
    case 'unavailable':
      return 'The server cannot be reached right now. Try again in a moment.';
    case 'rate_limited':
      return 'Too many attempts. Wait a minute, then try again.';
    default:
      return error.message;
  }
}
