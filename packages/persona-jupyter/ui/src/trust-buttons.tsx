import type { IMessagePreambleProps } from '@jupyter/chat';
import React from 'react';

import type { PersonaClient } from './rest';
import { DECISIONS, Decision, readTrust } from './trust';
import type { TrustQuestions } from './trust-questions';

/**
 * Make the buttons that decide whether a project's persona may run what it names.
 *
 * They stand below the message that shows what would run, and only while it asks. The
 * server takes a click only for what it has shown itself.
 */
export function trustButtons(
  client: PersonaClient,
  questions: TrustQuestions
): React.FunctionComponent<IMessagePreambleProps> {
  return function TrustButtons({ model, message }: IMessagePreambleProps): JSX.Element | null {
    const [chosen, setChosen] = React.useState<Decision>();
    const [told, setTold] = React.useState('');
    const focused = React.useRef(false);
    const group = React.useRef<HTMLDivElement>(null);
    const trust = readTrust(message.metadata);
    const asks = trust !== undefined;

    React.useEffect(() => {
      // The buttons are gone: keep the keyboard in the chat.
      if (!asks && focused.current) {
        focused.current = false;
        model.input?.focus();
      }
    }, [model, asks]);
    React.useEffect(
      () => (asks ? questions.draw(message.id, () => bring(group.current)) : undefined),
      [message.id, asks]
    );

    if (!trust) {
      return null;
    }

    const decide = async (decision: Decision): Promise<void> => {
      if (!model.id || chosen !== undefined) {
        return;
      }
      setChosen(decision);
      setTold('');
      const refusal = await client.trust(model.id, trust, decision);
      if (refusal !== null) {
        setTold(refusal);
        setChosen(undefined);
      }
      // Else the server says in the message what was decided, and the buttons go.
    };

    return (
      <div
        ref={group}
        className="persona-Permission"
        tabIndex={-1}
        role="group"
        aria-label={`Trust ${trust.name}?`}
        aria-busy={chosen !== undefined}
        onFocus={() => (focused.current = true)}
        onBlur={() => (focused.current = false)}
      >
        {trust.choices.map(choice => (
          <button
            key={choice}
            type="button"
            className={`persona-Permission-button ${
              choice === 'version' ? 'persona-mod-first' : ''
            } ${choice === 'later' ? 'persona-mod-reject' : ''}`}
            // Not "disabled", which would throw the keyboard out of the group.
            aria-disabled={chosen !== undefined}
            aria-pressed={chosen === choice}
            onClick={() => void decide(choice)}
          >
            {DECISIONS[choice]}
          </button>
        ))}
        <span className="persona-Permission-told" role="status">
          {told}
        </span>
      </div>
    );
  };
}

/** Show a question from its beginning; the keyboard stands before its buttons, not on one. */
function bring(group: HTMLElement | null): boolean {
  if (!group?.getClientRects().length) {
    return false;
  }
  (group.parentElement ?? group).scrollIntoView({ block: 'nearest' });
  group.focus({ preventScroll: true });
  return true;
}
