/** What the roster says of personas, and what it lets people do. */

import { stateOf } from './answering';
import { canAnswer, isHere, takesPart } from './matching';
import type { IRosterPersona, Place } from './roster-client';

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

/** The line of a file at which a persona begins; none if the file is all its own. */
export function lineOf({ file, line }: IRosterPersona): number | undefined {
  return line && !ALONE.test(file) ? line : undefined;
}

/** Where a persona is defined. */
export function where(persona: IRosterPersona): string {
  if (persona.package) {
    return `Comes with the package ${persona.package}`;
  }
  if (persona.state === 'carried') {
    return 'In this chat only';
  }
  const line = lineOf(persona);
  return persona.file + (line ? `, line ${line}` : '');
}

/** What can be done with a persona; `place`: what that makes of its place in the chat. */
export type Action =
  | { kind: 'review' | 'open'; label: string }
  | { kind: 'default' | 'removed'; label: string; place: Place };

/** What can be done with a persona now, one of each kind at most. */
export function actions(persona: IRosterPersona, defaultFrom: string): Action[] {
  const found: Action[] = [];
  if (persona.state === 'untrusted') {
    found.push({ kind: 'review', label: 'Review what it would run' });
  }
  if (persona.open) {
    found.push({ kind: 'open', label: 'Open file' });
  }
  const isChosen = persona.default && defaultFrom === 'chat';
  if (isChosen || canAnswer(persona)) {
    const label = isChosen ? 'No longer default' : 'Make default';
    found.push({ kind: 'default', label, place: { default: !isChosen } });
  }
  if (persona.state !== 'carried') {
    const removed = takesPart(persona);
    const label = removed ? 'Remove from this chat' : 'Add to this chat';
    found.push({ kind: 'removed', label, place: { removed } });
  }
  return found;
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
  return personas.filter(isHere);
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
