import type { IMessagePreambleProps } from '@jupyter/chat';
import React from 'react';

import { readFacts } from './reply-facts';

/**
 * A quiet line below a finished reply: who answered, what it took.
 *
 * It is a preamble that CSS puts below the message: of preambles there may be several,
 * while a footer takes the place of another extension's and is not drawn again when the
 * message changes. While a reply is written there is nothing.
 */
export function ReplyFooter({ message }: IMessagePreambleProps): JSX.Element | null {
  return message.deleted ? null : <Facts metadata={message.metadata} />;
}

/** All messages are drawn again with each new one: only what has changed costs anything. */
const Facts = React.memo(function Facts({ metadata }: { metadata: unknown }) {
  const facts = readFacts(metadata);
  if (!facts.length) {
    return null;
  }
  return (
    <div className="persona-ReplyFooter" role="note" aria-label="About this reply">
      {facts.map(({ text, hint }, index) => (
        <span key={index} className="persona-ReplyFooter-fact" title={hint}>
          {text}
        </span>
      ))}
    </div>
  );
});
