import React from 'react';

import type { IPersona } from './types';

/** One shape for each state, as colours alone tell little; 16 by 16. */
const SHAPES: Record<IPersona['state'], JSX.Element> = {
  ready: <circle cx="8" cy="8" r="4.5" fill="none" />,
  busy: (
    <g fill="currentColor" stroke="none">
      <circle cx="3" cy="8" r="1.8" />
      <circle cx="8" cy="8" r="1.8" />
      <circle cx="13" cy="8" r="1.8" />
    </g>
  ),
  waiting: (
    <>
      <circle cx="8" cy="8" r="6.2" fill="none" />
      <path d="M6 6.4a2 2 0 1 1 2.8 1.8c-.6.3-.8.7-.8 1.3M8 11.6v.2" fill="none" />
    </>
  ),
  broken: <path d="M8 2 14.6 13.6H1.4ZM8 6.4v3.4M8 11.6v.2" fill="none" />,
  untrusted: (
    <path d="M8 1.6 13.6 3.6v4c0 3.4-2.4 5.6-5.6 6.8-3.2-1.2-5.6-3.4-5.6-6.8v-4Z" fill="none" />
  ),
  login: (
    <g fill="none">
      <circle cx="5" cy="8" r="3.2" />
      <path d="M8.2 8H14.4v2.6M11.8 8v2" />
    </g>
  ),
  unavailable: (
    <g fill="none">
      <circle cx="8" cy="8" r="6.2" />
      <path d="M3.8 12.2 12.2 3.8" />
    </g>
  ),
  carried: <circle cx="8" cy="8" r="5.5" fill="none" strokeDasharray="2.6 2" />,
  removed: <path d="M3.5 8h9" fill="none" />
};

/** The sign of a persona's state; words stand beside it. */
export function StateIcon({ state }: { state: IPersona['state'] }): JSX.Element {
  return (
    <svg
      className={`persona-State persona-mod-${state}`}
      viewBox="0 0 16 16"
      width="13"
      height="13"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {SHAPES[state] ?? SHAPES.unavailable}
    </svg>
  );
}

/** Several persons. */
export function PeopleIcon(): JSX.Element {
  return (
    <svg
      viewBox="0 0 16 16"
      width="16"
      height="16"
      fill="currentColor"
      aria-hidden="true"
      focusable="false"
    >
      <circle cx="6" cy="5" r="2.6" />
      <path d="M1 13.4c0-2.8 2.2-4.6 5-4.6s5 1.8 5 4.6Z" />
      <path d="M10 2.6a2.5 2.5 0 1 1 .4 4.9 4 4 0 0 0-.4-4.9Z" />
      <path d="M11 8.8c2.3 0 4 1.7 4 4.6h-2.6c0-1.9-.7-3.5-1.9-4.6Z" />
    </svg>
  );
}
