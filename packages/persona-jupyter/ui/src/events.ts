/** Jupyter Events of personas: what the server tells of them without being asked. */

import { field } from './permission';

const SCHEMAS = 'https://schema.jupyter.org/personas/';
export const STATE = `${SCHEMAS}persona_state/v1`;
export const CATALOG = `${SCHEMAS}persona_catalog/v1`;

/** What a persona does in a turn, or how its last one ended. */
const STATES = {
  starting: 'busy',
  thinking: 'busy',
  writing: 'busy',
  tool: 'busy',
  waiting: 'waiting',
  idle: 'over',
  stopped: 'over',
  failed: 'over',
  closed: 'over'
} as const;

export type Activity = keyof typeof STATES;
export type Phase = (typeof STATES)[Activity];

/** A persona goes on. */
export interface IStateEvent {
  kind: 'state';
  chat: string;
  slug: string;
  state: Activity;
  phase: Phase;
}

/** Other personas are in a chat, or they are made of something else. */
export interface ICatalogEvent {
  kind: 'catalog';
  chat: string;
}

export type PersonaEvent = IStateEvent | ICatalogEvent;

/** The stream of all events of a server, as JupyterLab has it. */
export interface IEventStream {
  connect(slot: (sender: unknown, event: unknown) => void): boolean;
  disconnect(slot: (sender: unknown, event: unknown) => void): boolean;
}

/**
 * Hands the events of personas to whoever shows them, by chat.
 *
 * JupyterLab keeps the connection. Without one nothing is told, and what is shown lives on
 * the messages of the chat alone.
 */
export class PersonaEvents {
  constructor(stream?: IEventStream) {
    stream?.connect((_, raw) => {
      const event = readEvent(raw);
      if (event) {
        this.listeners.forEach(listener => listener(event));
      }
    });
  }

  /** Be told of the events of one chat, whose id may be known later; returns how to stop that. */
  subscribe(chat: { readonly id: string | undefined }, told: (event: PersonaEvent) => void): () => void {
    const listener = (event: PersonaEvent) => event.chat === chat.id && told(event);
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private readonly listeners = new Set<(event: PersonaEvent) => unknown>();
}

/** One of ours; undefined if it is another's, or is not as it should be. */
export function readEvent(raw: unknown): PersonaEvent | undefined {
  const schema = field(raw, 'schema_id');
  const chat = field(raw, 'chat_id');
  if (typeof chat !== 'string') {
    return undefined;
  }
  if (schema === CATALOG) {
    return { kind: 'catalog', chat };
  }
  const slug = field(raw, 'slug');
  const state = field(raw, 'state');
  const phase = typeof state === 'string' ? field(STATES, state) : undefined;
  if (schema !== STATE || typeof slug !== 'string' || phase === undefined) {
    return undefined;
  }
  return { kind: 'state', chat, slug, state: state as Activity, phase: phase as Phase };
}
