import type { IChatModel } from '@jupyter/chat';
import React from 'react';

import { onPersonaEvents } from './chat-events';
import type { PersonaEvents } from './events';

/** Has something asked anew: now, with each event of the chat's personas, and on a return here. */
export function useRefreshed(
  store: { refresh(): Promise<void> },
  chat: IChatModel,
  events: PersonaEvents
): void {
  React.useEffect(() => {
    const refresh = () => void store.refresh();
    refresh();
    const stop = onPersonaEvents(chat, refresh, events);
    window.addEventListener('focus', refresh);
    return () => {
      stop();
      window.removeEventListener('focus', refresh);
    };
  }, [store, chat, events]);
}
