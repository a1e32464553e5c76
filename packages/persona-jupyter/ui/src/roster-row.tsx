import { caretDownEmptyIcon } from '@jupyterlab/ui-components';
import React from 'react';

import { Avatar } from './avatar';
import { Action, actions, standing, where, whyDefault } from './roster';
import type { IRosterPersona } from './roster-client';
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
  onAct(action: Action): void;
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

function Details({ persona, defaultFrom, busy, onAct }: IProps): JSX.Element {
  const why = persona.detail ?? persona.fault;
  return (
    <>
      {why && <p className="persona-Roster-why">{why}</p>}
      {persona.description && <p>{persona.description}</p>}
      {persona.default && <p>{whyDefault(defaultFrom)}</p>}
      <p className="persona-Roster-where">
        {where(persona)} <span className="persona-Roster-scope">({persona.scope})</span>
      </p>
      <div className="persona-Roster-actions">
        {actions(persona, defaultFrom).map(action => (
          <button
            // One for a thing and its opposite, so that the keyboard stays on it.
            key={action.kind}
            type="button"
            className="persona-Picker-action"
            aria-label={`${action.label}: ${persona.name}`}
            // Not "disabled", which would throw the keyboard out of it.
            aria-disabled={busy}
            onClick={() => busy || onAct(action)}
          >
            {action.label}
          </button>
        ))}
      </div>
    </>
  );
}
