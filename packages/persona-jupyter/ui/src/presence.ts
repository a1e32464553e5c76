import { canAnswer, takesPart } from './matching';
import type { IPersona } from './types';

/** How many personas an empty chat shows. */
const MOST = 12;

/** What an empty chat says about who is there. */
export interface IRoll {
  shown: IPersona[];
  /** What is not shown, in a sentence; empty if nothing. */
  rest: string;
}

/** Those who can answer, who answers by default first. */
export function roll(personas: IPersona[], chosen: string | null): IRoll {
  const present = personas.filter(takesPart);
  const able = present.filter(canAnswer);
  const order = [
    ...able.filter(({ slug }) => slug === chosen),
    ...able.filter(({ slug }) => slug !== chosen)
  ];
  const shown = order.slice(0, MOST);
  const more = order.length - shown.length;
  const waiting = present.filter(({ state }) => state === 'untrusted').length;
  const unable = present.length - able.length - waiting;
  const rest = [
    more ? `${more} more: write @ to see all.` : '',
    waiting ? `${waiting} would run code: mention one with @ to see what, and decide.` : '',
    unable ? `${unable} cannot answer: send /personas to see why.` : ''
  ];
  return { shown, rest: rest.filter(Boolean).join(' ') };
}

/** A name for a new persona that nobody in the chat has. */
export function freeName(personas: { slug: string }[]): string {
  const slugs = new Set(personas.map(({ slug }) => slug));
  for (let number = 2; slugs.has('assistant'); number++) {
    if (!slugs.has(`assistant-${number}`)) {
      return `Assistant ${number}`;
    }
  }
  return 'Assistant';
}

/** A message with a mention at its beginning, before what is written already. */
export function addressed(mention: string, text: string): string {
  return `@${mention} ${text.trimStart()}`;
}
