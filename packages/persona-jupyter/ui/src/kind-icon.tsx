import React from 'react';

import type { CallKind } from './report';

/** What each kind of tool is called, and its shape; 16 by 16, in lines as those of the states. */
const KINDS: Record<CallKind, [name: string, shape: JSX.Element]> = {
  read: [
    'Read',
    <path d="M3.5 1.8h5.8l3.2 3.2v9.2h-9ZM9 2v3.3h3.3M5.8 8.3h4.4M5.8 11h4.4" />
  ],
  edit: [
    'Edit',
    <path d="m2.2 13.8.8-3.4 8-8a1.5 1.5 0 0 1 2.6 2.6l-8 8ZM9.6 3.8l2.6 2.6" />
  ],
  delete: [
    'Delete',
    <path d="M2.3 4.2h11.4M6 4V2.2h4V4M3.8 4.4l.7 9.4h7l.7-9.4M6.7 7v4.2M9.3 7v4.2" />
  ],
  move: ['Move', <path d="M1.8 8h12M10 4.2 13.8 8 10 11.8M1.8 3.5v9" />],
  search: [
    'Search',
    <>
      <circle cx="6.8" cy="6.8" r="4.6" />
      <path d="m10.2 10.2 4 4" />
    </>
  ],
  execute: [
    'Run',
    <>
      <rect x="1.5" y="2.5" width="13" height="11" rx="1.5" />
      <path d="m4.3 5.8 2.4 2.2-2.4 2.2M8.5 10.8h3" />
    </>
  ],
  think: [
    'Think',
    <path d="M5.8 11.5a4.8 4.8 0 1 1 4.4 0v1.3H5.8ZM6.4 15h3.2M8 11V8.4" />
  ],
  fetch: [
    'Fetch',
    <>
      <circle cx="8" cy="8" r="6.2" />
      <path d="M1.8 8h12.4M8 1.8c-4 4-4 8.4 0 12.4 4-4 4-8.4 0-12.4Z" />
    </>
  ],
  switch_mode: [
    'Change of mode',
    <path d="M2 5h10.5M9.8 2 13 5l-3.2 3M14 11H3.5M6.2 8 3 11l3.2 3" />
  ],
  other: [
    'Tool',
    <path d="M13.9 4.6a3.8 3.8 0 0 1-5 4.7l-4.3 4.3a1.6 1.6 0 0 1-2.2-2.2l4.3-4.3a3.8 3.8 0 0 1 4.7-5L9.2 4.3l.4 2.1 2.1.4Z" />
  ]
};

/** The sign of what sort of tool is called. */
export function KindIcon({ kind }: { kind: CallKind }): JSX.Element {
  const [name, shape] = KINDS[kind];
  return (
    <span className="persona-Report-kind" role="img" aria-label={name} title={name}>
      <svg
        viewBox="0 0 16 16"
        width="14"
        height="14"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.3"
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
        focusable="false"
      >
        {shape}
      </svg>
    </span>
  );
}
