import type { IChatModel, IInputModel, IToolbarItemProps } from '@jupyter/chat';
import React from 'react';

import type { ChatIndex } from './chats';
import type { PersonaEvents } from './events';
import { FirstUseClient } from './first-use-client';
import { InputStores } from './input-stores';
import { messageOf } from './message-of';
import type { IPersonaFile, PersonaFiles } from './persona-files';
import type { PickMemory } from './pick-memory';
import { useStore } from './picker-parts';
import { freeName } from './presence';
import { Action, lineOf, present, summary } from './roster';
import type { IRosterPersona, Place, RosterClient } from './roster-client';
import { RosterPanel } from './roster-panel';
import { RosterStore } from './roster-store';
import { PeopleIcon } from './state-icon';
import type { TrustQuestions } from './trust-questions';
import { own } from './use-pick';
import { useRefreshed } from './use-refreshed';

/** Make the toolbar item that counts the personas of a chat and opens their roster. */
export function rosterButton(
  client: RosterClient,
  chats: ChatIndex,
  files: PersonaFiles,
  events: PersonaEvents,
  memory: PickMemory,
  questions: TrustQuestions
): React.FunctionComponent<IToolbarItemProps> {
  const maker = new FirstUseClient();
  const stores = new InputStores(chats, place => new RosterStore(client, place));

  function Roster({ input, chat }: { input: IInputModel; chat: IChatModel }): JSX.Element {
    const store = stores.of(input, chat);
    const button = React.useRef<HTMLButtonElement>(null);
    const [open, setOpen] = React.useState(false);
    const { roster } = useStore(store);
    const personas = roster?.personas ?? [];
    const label = summary(personas);

    useRefreshed(store, chat, events);
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
    const openFile = async (file: IPersonaFile, line?: number): Promise<void> => {
      close(false);
      await files.open(file, line).catch((error: unknown) => store.tell('', messageOf(error)));
    };
    const review = async (persona: IRosterPersona): Promise<void> => {
      const asked = await store.review(persona);
      if (asked !== undefined) {
        close(false);
        questions.show(asked);
      }
    };
    const act = (persona: IRosterPersona, action: Action): void => {
      switch (action.kind) {
        case 'review':
          return void review(persona);
        case 'open':
          return void (persona.open && openFile(persona.open, lineOf(persona)));
        case 'default':
        case 'removed':
          return void put(persona, action.place);
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
        store.tell('', messageOf(error));
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
            onAct={act}
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
