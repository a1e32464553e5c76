import { caretRightIcon, checkIcon, circleEmptyIcon, closeIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { OpenStates } from './open-states';
import { grouped } from './reply-facts';
import type { CallStatus } from './report';

/** What each state is called; colours and icons alone tell nothing. */
export const WORDS: Record<CallStatus, string> = {
  pending: 'Waiting',
  in_progress: 'Running',
  completed: 'Done',
  failed: 'Failed',
  unfinished: 'Not finished'
};

const ICONS = {
  pending: circleEmptyIcon,
  completed: checkIcon,
  failed: closeIcon,
  unfinished: closeIcon
};

/** Whether something is open, and how to change it; outlives the component. */
export function useOpen(
  states: OpenStates,
  key: string,
  initial = false
): [boolean, (open: boolean) => void] {
  const [open, setOpen] = React.useState(() => states.get(key, initial));
  const change = (next: boolean): void => {
    states.set(key, next);
    setOpen(next);
  };
  return [open, change];
}

/** A line that unfolds what is below it. */
export function Fold(props: {
  open: boolean;
  onToggle: (open: boolean) => void;
  onFocus?: () => void;
  children: React.ReactNode;
}): JSX.Element {
  return (
    <button
      type="button"
      className="persona-Report-row"
      aria-expanded={props.open}
      onClick={() => props.onToggle(!props.open)}
      onFocus={props.onFocus}
    >
      <caretRightIcon.react tag="span" className="persona-Report-caret" />
      {props.children}
    </button>
  );
}

export function StatusIcon({ status }: { status: CallStatus }): JSX.Element {
  const className = `persona-Report-icon persona-mod-${status}`;
  if (status === 'in_progress') {
    return <span className={`${className} persona-Report-spinner`} aria-hidden="true" />;
  }
  const icon = ICONS[status];
  return (
    <span className={className} aria-hidden="true">
      <icon.react tag="span" />
    </span>
  );
}

/** Text from outside; it scrolls inside, also with the keyboard. */
export function Block(props: {
  label: string;
  hidden?: string;
  className?: string;
  children: React.ReactNode;
}): JSX.Element {
  return (
    <>
      <pre
        className={`persona-Report-block ${props.className ?? ''}`}
        tabIndex={0}
        role="group"
        aria-label={props.label}
      >
        {props.children}
      </pre>
      {props.hidden && <p className="persona-Report-hidden">{props.hidden}</p>}
    </>
  );
}

/** What is said of something that is not shown; empty if all is. */
export function notShown(count: number, what: string): string {
  return count > 0 ? `${grouped(count)} more ${what}${count === 1 ? '' : 's'} not shown.` : '';
}
