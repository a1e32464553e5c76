import type { IChatModel, ISharedChange } from '@jupyter/chat';

import type { PersonaEvents, Phase } from './events';
import { field } from './permission';

/** How long events are gathered before they are told, in milliseconds. */
const PAUSE = 150;

/** How many messages at the end are looked at. */
const LAST = 8;

/**
 * Calls `told` soon after something happened in a chat that may concern its personas.
 *
 * The server's events tell of personas that come, go, change, and begin and end to work; what
 * they do meanwhile is none. The chat itself tells of people, and of the rest where there are
 * no events: a message that came or was finished, somebody who begins or ends to write, and a
 * change of the chat's users and metadata, where changed blocks are kept. The pieces of a
 * reply that is being written are none. Returns how to stop it.
 */
export function onPersonaEvents(
  chat: IChatModel,
  told: () => void,
  events?: PersonaEvents
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let before = digest(chat);
  const soon = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      told();
    }, PAUSE);
  };
  const look = () => {
    const now = digest(chat);
    if (now !== before) {
      before = now;
      soon();
    }
  };
  const shared = (_: unknown, change: ISharedChange) => {
    if (change.metadataChanges?.length || change.userChanges?.length) {
      soon();
    }
  };
  const phases = new Map<string, Phase>();
  const stop = events?.subscribe(chat, event => {
    if (event.kind === 'catalog' || phases.get(event.slug) !== event.phase) {
      soon();
    }
    if (event.kind === 'state') {
      phases.set(event.slug, event.phase);
    }
  });
  chat.messagesUpdated.connect(look);
  chat.writersChanged?.connect(look);
  chat.sharedModel?.changed.connect(shared);
  return () => {
    clearTimeout(timer);
    stop?.();
    chat.messagesUpdated.disconnect(look);
    chat.writersChanged?.disconnect(look);
    chat.sharedModel?.changed.disconnect(shared);
  };
}

function digest({ messages, writers }: IChatModel): string {
  const last = messages.slice(-LAST).map(({ content }) => {
    const note = field(content.metadata, 'persona');
    return [content.id, field(note, 'state')];
  });
  return JSON.stringify([
    messages.length,
    last,
    writers.filter(({ user }) => user.bot).map(({ user }) => user.username)
  ]);
}
