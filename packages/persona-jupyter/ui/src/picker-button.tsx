import type { IChatModel, IInputModel, IToolbarItemProps } from '@jupyter/chat';
import { caretDownEmptyIcon } from '@jupyterlab/ui-components';
import React from 'react';

import { IAnswerers, Why, explain, whoAnswers } from './answering';
import { Avatar } from './avatar';
import type { IPickerCatalog } from './block-client';
import type { PersonaEvents } from './events';
import type { InputStores } from './input-stores';
import { field } from './permission';
import type { PickMemory } from './pick-memory';
import { PickerMenu } from './picker-menu';
import { NoOne, useStore } from './picker-parts';
import type { IPickerState, PickerStore } from './picker-store';
import type { PersonaClient } from './rest';
import { own, usePickKept } from './use-pick';
import { useRefreshed } from './use-refreshed';

const NOBODY: IAnswerers = { slugs: [], why: 'nobody' };

/** What the button says where no persona answers, if it is not "No one". */
const NONE: Partial<Record<Why, string>> = {
  nobody: 'Who answers?',
  'no-personas': 'No persona',
  'several-people': 'Who is mentioned'
};

/**
 * Make the toolbar item that says who will answer and opens the menu to choose that.
 *
 * What is picked is stamped on the messages that are sent from this input, and kept for the
 * person and the chat over a reload.
 */
export function pickerButton(
  client: PersonaClient,
  stores: InputStores<PickerStore>,
  events: PersonaEvents,
  memory: PickMemory
): React.FunctionComponent<IToolbarItemProps> {
  function Picker({ input, chat }: { input: IInputModel; chat: IChatModel }): JSX.Element | null {
    const store = stores.of(input, chat);
    const button = React.useRef<HTMLButtonElement>(null);
    const [open, setOpen] = React.useState(false);
    const state = useStore(store);
    const answerers = useAnswerers(input, chat, state);
    const { catalog } = state;
    usePickKept(input, chat, catalog, memory);

    useRefreshed(store, chat, events);
    React.useEffect(() => {
      const refresh = () => void store.refresh();
      const field = button.current?.closest('.jp-chat-input-container');
      const stop = events.subscribe(chat, event => event.kind === 'state' && store.doing(event));
      field?.addEventListener('focusin', refresh);
      return () => {
        stop();
        field?.removeEventListener('focusin', refresh);
      };
    }, [store, chat]);

    const pick = (slug: string): void => {
      const persona = catalog?.personas.find(one => one.slug === slug);
      if (catalog && persona && isShared(chat, catalog)) {
        // Among several people only a mention counts.
        input.value = `@${persona.mention_name} ${input.value}`;
      } else {
        input.updateMetadata?.({ to: slug });
        if (chat.id) {
          memory.keep(chat.id, own(chat), slug);
        }
      }
      if (persona && chat.id) {
        void client.prepare(chat.id, slug);
      }
    };
    const close = (focus: boolean): void => {
      setOpen(false);
      if (focus) {
        input.focus();
      }
    };

    const shown = answerers.slugs.flatMap(
      slug => catalog?.personas.find(persona => persona.slug === slug) ?? []
    );
    const names = shown.map(persona => persona.name);
    const label = names.join(', ') || (NONE[answerers.why] ?? 'No one');
    const told = catalog ? explain(answerers.why, names) : '';
    return (
      <div className="persona-Picker">
        <button
          type="button"
          ref={button}
          className="persona-Picker-button"
          aria-haspopup="dialog"
          aria-expanded={open}
          aria-label={names.length ? `Who answers: ${label}` : `${label}. Choose who answers.`}
          title={told}
          hidden={!catalog}
          onClick={() => (open ? close(true) : setOpen(true))}
        >
          {shown.slice(0, 3).map(persona => (
            // Made anew for another picture, so that it is tried although the last one failed.
            <Avatar key={`${persona.slug} ${persona.avatar_url}`} persona={persona} />
          ))}
          {shown.length === 0 && <NoOne />}
          <span className="persona-Picker-name">{label}</span>
          <caretDownEmptyIcon.react tag="span" className="persona-Picker-caret" />
        </button>
        {open && catalog && (
          <PickerMenu
            store={store}
            answerers={answerers}
            told={told}
            anchor={button}
            onPick={pick}
            onClose={close}
            onExplain={() => {
              close(true);
              chat.sendMessage({ body: '/personas' });
            }}
          />
        )}
      </div>
    );
  }

  return function PickerItem({ model, chatModel, edit }: IToolbarItemProps): JSX.Element | null {
    return chatModel && !edit && model.updateMetadata ? (
      <Picker input={model} chat={chatModel} />
    ) : null;
  };
}

/** Who answers what is written now; drawn again only when that changes, not at each key. */
function useAnswerers(input: IInputModel, chat: IChatModel, state: IPickerState): IAnswerers {
  const { catalog } = state;
  const [found, setFound] = React.useState(NOBODY);
  React.useEffect(() => {
    const look = () => {
      const now = catalog ? decide(input, chat, catalog) : NOBODY;
      setFound(was => (JSON.stringify(was) === JSON.stringify(now) ? was : now));
    };
    look();
    input.valueChanged.connect(look);
    input.metadataChanged?.connect(look);
    return () => {
      input.valueChanged.disconnect(look);
      input.metadataChanged?.disconnect(look);
    };
  }, [input, chat, catalog]);
  return found;
}

function decide(input: IInputModel, chat: IChatModel, catalog: IPickerCatalog): IAnswerers {
  const picked = field(input.getMetadata?.(), 'to');
  return whoAnswers(input.value, {
    personas: catalog.personas,
    picked: typeof picked === 'string' ? picked : undefined,
    lastAddressed: catalog.last_addressed,
    defaultPersona: catalog.default,
    people: Object.values(catalog.people),
    several: isShared(chat, catalog)
  });
}

/** Whether several people write in the chat, with this one. */
function isShared(chat: IChatModel, { people }: IPickerCatalog): boolean {
  return new Set([...Object.keys(people), own(chat)].filter(Boolean)).size > 1;
}
