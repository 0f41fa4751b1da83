import * as Menu from '@radix-ui/react-dropdown-menu';
import { Check, ChevronsUpDown, Keyboard, LogOut, Monitor, Moon, Sun } from 'lucide-react';
import { useState } from 'react';
import { signOut } from '../app/start';
import { useStore } from '../app/store';
import { setTheme, theme, type Theme } from '../app/theme';
import { Avatar } from '../ui/Avatar';

const THEMES: { id: Theme; name: string; icon: typeof Sun }[] = [
  { id: 'system', name: 'As the system', icon: Monitor },
  { id: 'light', name: 'Light', icon: Sun },
  { id: 'dark', name: 'Dark', icon: Moon },
];

export function AccountMenu({ onShowKeys }: { onShowKeys: () => void }) {
  const me = useStore((state) => state.me);
  const [chosen, setChosen] = useState(theme);
  if (!me) return null;
  return (
    <Menu.Root>
      <Menu.Trigger className="account-button" aria-label={`Account of ${me.name}`}>
        <Avatar id={me.id} name={me.name} size={28} />
        <span className="account-name">
          {me.name}
          {me.guest ? <small>Guest</small> : null}
        </span>
        <ChevronsUpDown size={14} aria-hidden="true" />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Content className="menu" side="top" align="start" sideOffset={6} collisionPadding={8}>
          <Menu.Label className="menu-label">Appearance</Menu.Label>
          <Menu.RadioGroup
            value={chosen}
            onValueChange={(value) => {
              setTheme(value as Theme);
              setChosen(value as Theme);
            }}
          >
            {THEMES.map(({ id, name, icon: Icon }) => (
              <Menu.RadioItem key={id} value={id} className="menu-item" onSelect={(e) => e.preventDefault()}>
                <Icon size={16} />
                {name}
                <Menu.ItemIndicator className="end">
                  <Check size={16} />
                </Menu.ItemIndicator>
              </Menu.RadioItem>
            ))}
          </Menu.RadioGroup>
          <Menu.Separator className="menu-line" />
          <Menu.Item className="menu-item" onSelect={onShowKeys}>
            <Keyboard size={16} />
            Keyboard
            <span className="end">?</span>
          </Menu.Item>
          <Menu.Item className="menu-item" onSelect={() => void signOut()}>
            <LogOut size={16} />
            {me.guest ? 'End guest session' : 'Sign out'}
          </Menu.Item>
        </Menu.Content>
      </Menu.Portal>
    </Menu.Root>
  );
}
