import React from 'react';

import { useStore } from './picker-parts';
import { usePopover } from './popover';
import { Action, summary } from './roster';
import type { IRosterPersona } from './roster-client';
import { RosterRow } from './roster-row';
import type { RosterStore } from './roster-store';

interface IProps {
  store: RosterStore;
  anchor: React.RefObject<HTMLElement>;
  /** Called when the panel shall close; `focus` says whether its button gets the keyboard. */
  onClose(focus: boolean): void;
  onAct(persona: IRosterPersona, action: Action): void;
  onCreate(): void;
}

/** Everybody in the chat: who they are, what they do, and what can be done with them. */
export function RosterPanel(props: IProps): JSX.Element {
  const { store, onClose } = props;
  const { roster, told, error, busy } = useStore(store);
  const popover = usePopover(props.anchor, onClose);
  const title = React.useId();
  const personas = roster?.personas ?? [];
  const slugs = personas.map(({ slug }) => slug);
  const [unfolded, unfold] = React.useState<string>();
  const [at, setAt] = React.useState<string>();
  const current = at !== undefined && slugs.includes(at) ? at : slugs[0];

  const rows = (): HTMLElement[] =>
    Array.from(popover.current?.querySelectorAll<HTMLElement>('.persona-Roster-row') ?? []);
  const shown = slugs.join(' ');
  React.useLayoutEffect(() => {
    // When it opens, and when what had the keyboard is gone: keep it in the panel.
    const element = popover.current;
    const now = document.activeElement;
    if (element && (!now || now === document.body || now === props.anchor.current)) {
      (rows()[0] ?? element.querySelector<HTMLElement>('button'))?.focus();
    }
  }, [shown]);

  const onKeyDown = (event: React.KeyboardEvent): void => {
    const all = rows();
    const from = all.indexOf(event.target as HTMLElement);
    const moves: Record<string, number> = {
      ArrowDown: from + 1,
      ArrowUp: from - 1,
      Home: 0,
      End: all.length - 1
    };
    const to = from < 0 ? undefined : moves[event.key];
    if (to !== undefined) {
      event.preventDefault();
      all[(to + all.length) % all.length]?.focus();
    }
  };

  return (
    <div
      ref={popover}
      role="dialog"
      aria-labelledby={title}
      aria-busy={busy}
      className="persona-Picker-menu persona-Roster-panel"
      onKeyDown={event => {
        // Keys in the panel are for the panel.
        event.stopPropagation();
        if (event.key === 'Escape') {
          event.preventDefault();
          onClose(true);
        }
      }}
    >
      <h2 className="persona-Roster-heading" id={title}>
        {summary(personas)}
      </h2>
      {personas.length > 0 && (
        <ul className="persona-Roster-list" onKeyDown={onKeyDown}>
          {personas.map(persona => (
            <RosterRow
              key={persona.slug}
              persona={persona}
              defaultFrom={roster?.default_from ?? ''}
              open={persona.slug === unfolded}
              busy={busy}
              current={persona.slug === current}
              onToggle={() => unfold(persona.slug === unfolded ? undefined : persona.slug)}
              onFocus={() => setAt(persona.slug)}
              onAct={action => props.onAct(persona, action)}
            />
          ))}
        </ul>
      )}
      <div className="persona-Roster-foot">
        <button
          type="button"
          className="persona-Picker-action"
          aria-disabled={busy}
          onClick={() => busy || props.onCreate()}
        >
          Create a persona
        </button>
      </div>
      <p className="persona-Roster-told" role="status">
        {told}
      </p>
      <div className="persona-Picker-error" role="alert">
        {error}
      </div>
    </div>
  );
}
