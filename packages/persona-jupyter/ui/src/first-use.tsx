import { IChatBodyPlaceholderFactory, IChatModel, useChatContext } from '@jupyter/chat';
import React from 'react';

import { Avatar } from './avatar';
import type { FirstUseClient, IPresent } from './first-use-client';
import { messageOf } from './message-of';
import type { PersonaFiles } from './persona-files';
import { addressed, freeName, roll } from './presence';
import type { IPersona } from './types';

const LINES = [
  'A persona is an AI participant with its own name, instructions and model.',
  'Write @ and its name to ask it. It knows what was said here, and several can take part.',
  'Each is a text file in your project: read it, change it, share it.'
];

/** Make what an empty chat shows: what personas are, who is there, and how to make one. */
export function firstUse(client: FirstUseClient, files: PersonaFiles): IChatBodyPlaceholderFactory {
  return { create: () => <FirstUse client={client} files={files} /> };
}

function FirstUse(props: { client: FirstUseClient; files: PersonaFiles }): JSX.Element | null {
  const { client, files } = props;
  const { model } = useChatContext();
  const place = React.useRef<HTMLElement>(null);
  const [ready, present, look] = usePresent(client, model, place);
  const [busy, setBusy] = React.useState(false);
  const [told, setTold] = React.useState('');
  const title = React.useId();

  const create = async (): Promise<void> => {
    if (!model.id || busy) {
      return;
    }
    setBusy(true);
    setTold('');
    try {
      const made = await client.create(model.id, freeName(present?.personas ?? []));
      setTold(`Made ${made.path}. What you save in the editor counts from the next answer on.`);
      await files.open(made);
    } catch (error) {
      setTold(messageOf(error));
    }
    setBusy(false);
    look();
  };
  const address = (persona: IPersona): void => {
    if (model.input) {
      model.input.value = addressed(persona.mention_name, model.input.value);
      model.input.focus();
    }
  };

  if (!ready) {
    return null; // its messages may still come
  }
  const { shown, rest } = roll(present?.personas ?? [], present?.default ?? null);
  return (
    <section className="persona-FirstUse" aria-labelledby={title} ref={place}>
      <h2 className="persona-FirstUse-title" id={title}>
        Talk to a persona
      </h2>
      {LINES.map(line => (
        <p key={line}>{line}</p>
      ))}
      {shown.length > 0 && (
        <ul className="persona-FirstUse-list" aria-label="Personas in this chat">
          {shown.map(persona => (
            <li key={persona.slug}>
              <Person
                persona={persona}
                first={persona.slug === present?.default}
                onClick={() => address(persona)}
              />
            </li>
          ))}
        </ul>
      )}
      {rest && <p>{rest}</p>}
      {present && (
        <button
          type="button"
          className={`persona-FirstUse-create ${shown.length ? '' : 'persona-mod-first'}`}
          // Not "disabled", which would throw the keyboard out of it.
          aria-disabled={busy}
          onClick={() => void create()}
        >
          {shown.length ? 'Create another persona' : 'Create a persona'}
        </button>
      )}
      <p className="persona-FirstUse-told" role="status">
        {told}
      </p>
    </section>
  );
}

function Person(props: { persona: IPersona; first: boolean; onClick: () => void }): JSX.Element {
  const { persona, first, onClick } = props;
  return (
    <button type="button" className="persona-FirstUse-person" onClick={onClick}>
      <Avatar persona={persona} />
      <span className="persona-FirstUse-name">{persona.name}</span>
      <span className="persona-FirstUse-about">
        {persona.description ?? persona.model ?? persona.engine}
      </span>
      {first && <span className="persona-FirstUse-first">answers by default</span>}
    </button>
  );
}

/** Whether the chat is loaded, who is there, and how to look again. */
function usePresent(
  client: FirstUseClient,
  model: IChatModel,
  place: React.RefObject<HTMLElement>
): [boolean, IPresent | undefined, () => void] {
  const [ready, setReady] = React.useState(false);
  const [present, setPresent] = React.useState<IPresent>();
  const latest = React.useRef(0);

  const look = React.useCallback(async () => {
    const number = ++latest.current;
    const found = await client.present(model.name);
    if (number === latest.current && found) {
      setPresent(found);
    }
  }, [client, model]);

  React.useEffect(() => {
    let gone = false;
    model.ready.then(
      () => !gone && setReady(true),
      () => undefined // the chat itself tells that it cannot be opened
    );
    return () => {
      gone = true;
      latest.current++;
    };
  }, [model]);

  React.useEffect(() => {
    // Called at once, and whenever the chat is shown again, as after an edit in the editor.
    const observer = new IntersectionObserver(entries => {
      if (entries.some(entry => entry.isIntersecting)) {
        void look();
      }
    });
    const again = () => void look();
    if (ready && place.current) {
      observer.observe(place.current);
      window.addEventListener('focus', again);
    }
    return () => {
      observer.disconnect();
      window.removeEventListener('focus', again);
    };
  }, [ready, look, place]);

  return [ready, present, () => void look()];
}
