/** What the roster says of personas, and what it lets people do. */

import { stateOf } from './answering';
import { canAnswer, takesPart } from './matching';
import type { IRosterPersona } from './roster-client';

const DOES: Record<string, string> = {
  starting: 'is starting',
  thinking: 'is thinking',
  writing: 'is writing',
  tool: 'uses a tool'
};

/** Files that hold one persona. */
const ALONE = /(^|[./])persona\.[a-z]+$/;

/** What a persona does, or why it does not, in a few words. */
export function standing(persona: IRosterPersona): string {
  if (persona.state === 'busy') {
    return DOES[persona.activity ?? ''] ?? stateOf(persona);
  }
  if (persona.state === 'ready' && persona.fault) {
    return 'idle, last good version';
  }
  return stateOf(persona) || 'idle';
}

/** Where a persona is defined. */
export function where(persona: IRosterPersona): string {
  if (persona.package) {
    return `Comes with the package ${persona.package}`;
  }
  if (persona.state === 'carried') {
    return 'In this chat only';
  }
  // A file of one persona needs no line.
  const line = persona.line && !ALONE.test(persona.file) ? `, line ${persona.line}` : '';
  return persona.file + line;
}

/** What can be done with a persona. */
export interface IActions {
  open: boolean;
  /** What a click on it makes of its being the default; none if it cannot be. */
  default: boolean | undefined;
  /** Whether a click on it takes the persona out; none if nothing can be done. */
  removed: boolean | undefined;
}

export function actions(persona: IRosterPersona, defaultFrom: string): IActions {
  const isChosen = persona.default && defaultFrom === 'chat';
  return {
    open: persona.open !== null,
    default: isChosen ? false : canAnswer(persona) ? true : undefined,
    removed: persona.state === 'carried' ? undefined : takesPart(persona)
  };
}

/** Why a persona is the default. */
export function whyDefault(from: string): string {
  switch (from) {
    case 'chat':
      return 'Answers when nobody is mentioned, as was chosen in this chat.';
    case 'settings':
      return "Answers when nobody is mentioned, as the server's settings say.";
    default:
      return 'Answers when nobody is mentioned, being the only one.';
  }
}

/** Those who take part, which is what the button counts. */
export function present<T extends IRosterPersona>(personas: readonly T[]): T[] {
  return personas.filter(persona => takesPart(persona) && persona.state !== 'carried');
}

/** What the button says to who does not see it. */
export function summary(personas: readonly IRosterPersona[]): string {
  const here = present(personas);
  const waiting = here.filter(({ state }) => state === 'waiting').length;
  const unable = here.filter(persona => !canAnswer(persona)).length;
  const parts = [
    here.length === 1 ? '1 persona in this chat' : `${here.length} personas in this chat`,
    waiting ? `${waiting} ${waiting === 1 ? 'waits' : 'wait'} for permission` : '',
    unable ? `${unable} cannot answer` : ''
  ];
  return parts.filter(Boolean).join(', ');
}
