import { checkIcon } from '@jupyterlab/ui-components';
import React from 'react';

import { IAnswerers, NO_ONE, reasonAgainst, stateOf } from './answering';
import { Avatar } from './avatar';
import type { IPickerPersona } from './block-client';
import { takesPart } from './matching';
import { NoOne, useStore } from './picker-parts';
import { PersonaSettings } from './picker-settings';
import type { PickerStore } from './picker-store';
import { usePopover } from './popover';

interface IProps {
  store: PickerStore;
  answerers: IAnswerers;
  /** Who answers and why, in words. */
  told: string;
  anchor: React.RefObject<HTMLElement>;
  onPick(slug: string): void;
  /** Called when the menu shall close; `focus` says whether the input gets the keyboard. */
  onClose(focus: boolean): void;
  /** Let the chat explain how a first persona is made. */
  onExplain(): void;
}

/** The menu: who answers, and what that persona is made of. */
export function PickerMenu(props: IProps): JSX.Element {
  const { store, answerers, told, onPick, onClose } = props;
  const { catalog, error, busy } = useStore(store);
  const popover = usePopover(props.anchor, onClose);
  const personas = (catalog?.personas ?? []).filter(takesPart);
  const slug = answerers.slugs[0];
  const persona = personas.find(one => one.slug === slug);

  React.useEffect(() => {
    void store.settingsOf(slug);
  }, [store, slug]);
  React.useEffect(() => () => void store.settingsOf(undefined), [store]);

  return (
    <div
      ref={popover}
      role="dialog"
      aria-label="Who answers"
      aria-busy={busy}
      className="persona-Picker-menu"
      onKeyDown={event => {
        // Keys in the menu are for the menu.
        event.stopPropagation();
        if (event.key === 'Escape') {
          event.preventDefault();
          onClose(true);
        }
      }}
    >
      <p className="persona-Picker-told" role="status">
        {told}
      </p>
      {personas.length > 0 ? (
        <PersonaList
          personas={personas}
          chosen={answerers.why === 'no-one' ? NO_ONE : slug}
          onPick={onPick}
          onClose={() => onClose(true)}
        />
      ) : (
        <button
          type="button"
          autoFocus
          className="persona-Picker-action"
          onClick={props.onExplain}
        >
          Show in the chat how to make one
        </button>
      )}
      {persona && <PersonaSettings key={persona.slug} store={store} persona={persona} />}
      <div className="persona-Picker-error" role="alert">
        {error}
      </div>
    </div>
  );
}

interface IListProps {
  personas: readonly IPickerPersona[];
  /** Short name, `NO_ONE`, or undefined if none is. */
  chosen: string | undefined;
  onPick(slug: string): void;
  onClose(): void;
}

/** All personas and "No one": arrow keys go through them, Enter and Space choose. */
function PersonaList({ personas, chosen, onPick, onClose }: IListProps): JSX.Element {
  const list = React.useRef<HTMLDivElement>(null);
  const slugs = [...personas.map(({ slug }) => slug), NO_ONE];
  const start = Math.max(slugs.indexOf(chosen ?? slugs[0] ?? NO_ONE), 0);
  const [at, setAt] = React.useState(start);
  const rows = (): HTMLElement[] =>
    Array.from(list.current?.querySelectorAll<HTMLElement>('[role=radio]') ?? []);

  React.useEffect(() => {
    rows()[start]?.focus();
    // Only when the menu opens: later the keyboard stays where it is.
  }, []);

  const go = (to: number): void => {
    const next = (to + slugs.length) % slugs.length;
    setAt(next);
    rows()[next]?.focus();
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const moves: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowRight: at + 1,
      ArrowUp: at - 1,
      ArrowLeft: at - 1,
      Home: 0,
      End: slugs.length - 1
    };
    const to = moves[event.key];
    if (to !== undefined) {
      event.preventDefault();
      go(to);
    }
  };
  const row = (index: number, slug: string, reason: string, body: React.ReactNode) => {
    const checked = slug === chosen;
    return (
      <div
        key={slug || '–'}
        role="radio"
        aria-checked={checked}
        aria-disabled={Boolean(reason)}
        tabIndex={index === Math.min(at, slugs.length - 1) ? 0 : -1}
        className="persona-Picker-row"
        onFocus={() => setAt(index)}
        onClick={() => reason || onPick(slug)}
        onKeyDown={event => {
          if (event.key === 'Enter' && checked) {
            event.preventDefault();
            onClose();
          } else if ((event.key === 'Enter' || event.key === ' ') && !reason) {
            event.preventDefault();
            onPick(slug);
          }
        }}
      >
        {body}
        <span className="persona-Picker-check">
          {checked && <checkIcon.react tag="span" className="persona-Picker-checkIcon" />}
        </span>
      </div>
    );
  };

  return (
    <div
      ref={list}
      role="radiogroup"
      aria-label="Who answers"
      className="persona-Picker-list"
      onKeyDown={onKeyDown}
    >
      {personas.map((persona, index) =>
        row(index, persona.slug, reasonAgainst(persona), <PersonaLine persona={persona} />)
      )}
      {row(
        personas.length,
        NO_ONE,
        '',
        <>
          <NoOne />
          <span className="persona-Picker-text">
            <span className="persona-Picker-title">No one</span>
            <span className="persona-Picker-detail">only who is mentioned answers</span>
          </span>
        </>
      )}
    </div>
  );
}

function PersonaLine({ persona }: { persona: IPickerPersona }): JSX.Element {
  const made = [persona.engine, persona.model].filter(Boolean).join(' · ');
  const state = stateOf(persona);
  return (
    <>
      <Avatar key={persona.avatar_url} persona={persona} />
      <span className="persona-Picker-text">
        <span className="persona-Picker-title">
          {persona.name}
          {state && <span className="persona-Picker-state"> ({state})</span>}
        </span>
        <span className="persona-Picker-detail">{reasonAgainst(persona) || made}</span>
      </span>
    </>
  );
}
