import { caretDownEmptyIcon } from '@jupyterlab/ui-components';
import React from 'react';

import { Avatar } from './avatar';
import { actions, standing, where, whyDefault } from './roster';
import type { IRosterPersona, Place } from './roster-client';
import { StateIcon } from './state-icon';

interface IProps {
  persona: IRosterPersona;
  defaultFrom: string;
  /** Whether its details are shown. */
  open: boolean;
  busy: boolean;
  /** Whether Tab comes to it. */
  current: boolean;
  onToggle(): void;
  onFocus(): void;
  onPut(place: Place): void;
  onOpenFile(): void;
}

/** One persona of the roster; unfolded, where it is defined and what can be done with it. */
export function RosterRow(props: IProps): JSX.Element {
  const { persona, open } = props;
  const id = React.useId();
  const parts = persona.state === 'broken' ? [] : [persona.engine, persona.model];
  const made = parts.filter(Boolean).join(' · ');
  return (
    <li className={`persona-Roster-item persona-mod-${persona.state}`}>
      <button
        type="button"
        className="persona-Roster-row"
        aria-expanded={open}
        aria-controls={id}
        tabIndex={props.current ? 0 : -1}
        onFocus={props.onFocus}
        onClick={props.onToggle}
      >
        {/* Made anew for another picture, so that it is tried although the last one failed. */}
        <Avatar key={persona.avatar_url} persona={persona} />
        <span className="persona-Roster-text">
          <span className="persona-Roster-title">
            <span className="persona-Roster-name">{persona.name}</span>{' '}
            {persona.default && <span className="persona-Roster-default">default</span>}
          </span>{' '}
          <span className="persona-Roster-state">
            <StateIcon state={persona.state} /> {standing(persona)}
          </span>{' '}
          {made && <span className="persona-Roster-made">{made}</span>}
        </span>
        <caretDownEmptyIcon.react tag="span" className="persona-Roster-caret" />
      </button>
      <div
        id={id}
        role="group"
        aria-label={persona.name}
        className="persona-Roster-details"
        hidden={!open}
      >
        {open && <Details {...props} />}
      </div>
    </li>
  );
}

function Details({ persona, defaultFrom, busy, onPut, onOpenFile }: IProps): JSX.Element {
  const can = actions(persona, defaultFrom);
  const why = persona.detail ?? persona.fault;
  const put = (place: Place) => () => busy || onPut(place);
  return (
    <>
      {why && <p className="persona-Roster-why">{why}</p>}
      {persona.description && <p>{persona.description}</p>}
      {persona.default && <p>{whyDefault(defaultFrom)}</p>}
      <p className="persona-Roster-where">
        {where(persona)} <span className="persona-Roster-scope">({persona.scope})</span>
      </p>
      <div className="persona-Roster-actions">
        {can.open && (
          <Action key="open" busy={busy} name={persona.name} onClick={onOpenFile}>
            Open file
          </Action>
        )}
        {/* One button for both, so that the keyboard stays on it. */}
        {can.default !== undefined && (
          <Action
            key="default"
            busy={busy}
            name={persona.name}
            onClick={put({ default: can.default })}
          >
            {can.default ? 'Make default' : 'No longer default'}
          </Action>
        )}
        {can.removed !== undefined && (
          <Action
            key="removed"
            busy={busy}
            name={persona.name}
            onClick={put({ removed: can.removed })}
          >
            {can.removed ? 'Remove from this chat' : 'Add to this chat'}
          </Action>
        )}
      </div>
    </>
  );
}

function Action(props: {
  name: string;
  busy: boolean;
  children: string;
  onClick(): void;
}): JSX.Element {
  return (
    <button
      type="button"
      className="persona-Picker-action"
      aria-label={`${props.children}: ${props.name}`}
      // Not "disabled", which would throw the keyboard out of it.
      aria-disabled={props.busy}
      onClick={props.onClick}
    >
      {props.children}
    </button>
  );
}
