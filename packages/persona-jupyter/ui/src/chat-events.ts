import type { IChatModel, ISharedChange } from '@jupyter/chat';

import { field } from './permission';

/** How long events are gathered before they are told, in milliseconds. */
const PAUSE = 150;

/** How many messages at the end are looked at. */
const LAST = 8;

/**
 * Calls `told` soon after something happened in a chat that may concern its personas.
 *
 * That is a message that came or was finished, somebody who begins or ends to write, and a
 * change of the chat's users and metadata, where changed blocks are kept. The pieces of a
 * reply that is being written are none. Returns how to stop it.
 */
export function onPersonaEvents(chat: IChatModel, told: () => void): () => void {
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
  chat.messagesUpdated.connect(look);
  chat.writersChanged?.connect(look);
  chat.sharedModel?.changed.connect(shared);
  return () => {
    clearTimeout(timer);
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
