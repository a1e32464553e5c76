import type { IMessagePreambleProps } from '@jupyter/chat';
import React from 'react';

import { allows, IPermissionOption, readPermission } from './permission';
import type { PersonaClient } from './rest';

const TOLD = {
  'too-late': 'Somebody has answered already.',
  failed: 'The answer did not reach the server. Try again.'
};

/**
 * Make the buttons that answer a persona's request for permission.
 *
 * They stand below the text of the message, and only while the request waits.
 */
export function permissionButtons(
  client: PersonaClient
): React.FunctionComponent<IMessagePreambleProps> {
  return function PermissionButtons({
    model,
    message
  }: IMessagePreambleProps): JSX.Element | null {
    const [chosen, setChosen] = React.useState<string>();
    const [told, setTold] = React.useState('');
    const focused = React.useRef(false);
    const permission = readPermission(message.metadata);
    const waiting = permission?.waiting ?? false;

    React.useEffect(() => {
      // The buttons are gone: keep the keyboard in the chat.
      if (!waiting && focused.current) {
        focused.current = false;
        model.input?.focus();
      }
    }, [model, waiting]);

    if (!permission) {
      return null;
    }
    if (!waiting) {
      return <div className="persona-Permission" hidden />;
    }

    const decide = async (option: IPermissionOption): Promise<void> => {
      if (!model.id || chosen !== undefined) {
        return;
      }
      setChosen(option.id);
      setTold('');
      const outcome = await client.decide(model.id, message.id, option.id);
      if (outcome !== 'sent') {
        setTold(TOLD[outcome]);
      }
      if (outcome === 'failed') {
        setChosen(undefined);
      }
    };

    return (
      <div
        className="persona-Permission"
        role="group"
        aria-label={`Answer: ${permission.title}`}
        aria-busy={chosen !== undefined}
        onFocus={() => (focused.current = true)}
        onBlur={() => (focused.current = false)}
      >
        {permission.options.map(option => (
          <button
            key={option.id}
            type="button"
            className={`persona-Permission-button ${
              option.kind === 'allow_once' ? 'persona-mod-first' : ''
            } ${allows(option) ? '' : 'persona-mod-reject'}`}
            // Not "disabled", which would throw the keyboard out of the group.
            aria-disabled={chosen !== undefined}
            aria-pressed={chosen === option.id}
            onClick={() => void decide(option)}
          >
            {option.name}
          </button>
        ))}
        <span className="persona-Permission-told" role="status">
          {told}
        </span>
      </div>
    );
  };
}
