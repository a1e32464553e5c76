import type { IChatModel, IInputModel, IToolbarItemProps } from '@jupyter/chat';
import React from 'react';

import { onPersonaEvents } from './chat-events';
import type { ChatIndex } from './chats';
import type { PersonaEvents } from './events';
import { FirstUseClient } from './first-use-client';
import type { IPersonaFile, PersonaFiles } from './persona-files';
import type { PickMemory } from './pick-memory';
import { useStore } from './picker-parts';
import { freeName } from './presence';
import { present, summary } from './roster';
import type { IRosterPersona, Place, RosterClient } from './roster-client';
import { RosterPanel } from './roster-panel';
import { RosterStore } from './roster-store';
import { PeopleIcon } from './state-icon';
import { own } from './use-pick';

/** Make the toolbar item that counts the personas of a chat and opens their roster. */
export function rosterButton(
  client: RosterClient,
  chats: ChatIndex,
  files: PersonaFiles,
  events: PersonaEvents,
  memory: PickMemory
): React.FunctionComponent<IToolbarItemProps> {
  const maker = new FirstUseClient();
  const stores = new WeakMap<IInputModel, RosterStore>();

  /** One for each input: the toolbar may be made anew at any time. */
  function storeOf(input: IInputModel, chat: IChatModel): RosterStore {
    const known = stores.get(input);
    if (known) {
      return known;
    }
    chats.remember(input, chat);
    const store = new RosterStore(client, { path: () => chats.path(input), id: () => chat.id });
    stores.set(input, store);
    return store;
  }

  function Roster({ input, chat }: { input: IInputModel; chat: IChatModel }): JSX.Element {
    const store = storeOf(input, chat);
    const button = React.useRef<HTMLButtonElement>(null);
    const [open, setOpen] = React.useState(false);
    const { roster } = useStore(store);
    const personas = roster?.personas ?? [];
    const label = summary(personas);

    React.useEffect(() => {
      const refresh = () => void store.refresh();
      refresh();
      const stop = onPersonaEvents(chat, refresh, events);
      window.addEventListener('focus', refresh);
      return () => {
        stop();
        window.removeEventListener('focus', refresh);
      };
    }, [store, chat]);
    React.useEffect(() => store.look(open), [store, open]);

    const close = (focus: boolean): void => {
      setOpen(false);
      if (focus) {
        button.current?.focus();
      }
    };
    const put = async (persona: IRosterPersona, place: Place): Promise<void> => {
      const done = await store.put(persona, place);
      if (done && 'default' in place && place.default) {
        // Whom this person had chosen would else go on to answer.
        input.updateMetadata?.({ to: null });
        if (chat.id) {
          memory.keep(chat.id, own(chat), undefined);
        }
      }
    };
    const openFile = async (file: IPersonaFile | null): Promise<void> => {
      if (file) {
        close(false);
        await files.open(file).catch((error: unknown) => store.tell('', message(error)));
      }
    };
    const create = async (): Promise<void> => {
      if (!chat.id) {
        return;
      }
      try {
        const made = await maker.create(chat.id, freeName(personas));
        await store.refresh();
        await openFile(made);
      } catch (error) {
        store.tell('', message(error));
      }
    };

    return (
      <div className="persona-Roster">
        <button
          type="button"
          ref={button}
          className="persona-Roster-button"
          aria-haspopup="dialog"
          aria-expanded={open}
          aria-label={`${label}. Show who takes part.`}
          title={label}
          hidden={!roster}
          onClick={() => setOpen(!open)}
        >
          <PeopleIcon />
          <span className="persona-Roster-count">{present(personas).length}</span>
        </button>
        {open && (
          <RosterPanel
            store={store}
            anchor={button}
            onClose={close}
            onPut={(persona, place) => void put(persona, place)}
            onOpenFile={persona => void openFile(persona.open)}
            onCreate={() => void create()}
          />
        )}
      </div>
    );
  }

  return function RosterItem({ model, chatModel, edit }: IToolbarItemProps): JSX.Element | null {
    return chatModel && !edit ? <Roster input={model} chat={chatModel} /> : null;
  };
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
