import type { IMessagePreambleProps } from '@jupyter/chat';
import React from 'react';

import { readCarried } from './carried';
import type { PersonaClient } from './rest';

/**
 * Make the button that saves a persona which only the chat brings.
 *
 * It stands below the message that says what the persona is and would run, and only as
 * long as it is not saved. The server takes a click only for what it has shown itself.
 */
export function saveButton(client: PersonaClient): React.FunctionComponent<IMessagePreambleProps> {
  return function SaveButton({ model, message }: IMessagePreambleProps): JSX.Element | null {
    const [busy, setBusy] = React.useState(false);
    const [told, setTold] = React.useState('');
    const carried = readCarried(message.metadata);

    if (!carried) {
      return null;
    }

    const save = async (): Promise<void> => {
      if (!model.id || busy) {
        return;
      }
      setBusy(true);
      setTold('');
      const refusal = await client.save(model.id, carried);
      if (refusal !== null) {
        setTold(refusal);
        setBusy(false);
      }
      // Else the server says in the message that it is saved, and the button goes.
    };

    return (
      <div className="persona-Permission" aria-busy={busy}>
        <button
          type="button"
          className="persona-Permission-button persona-mod-first"
          // Not "disabled", which would throw the keyboard out of it.
          aria-disabled={busy}
          onClick={() => void save()}
        >
          {`Save ${carried.name} as a persona`}
        </button>
        <span className="persona-Permission-told" role="status">
          {told}
        </span>
      </div>
    );
  };
}
