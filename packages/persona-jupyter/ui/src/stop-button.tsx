import { IToolbarItemProps, TooltippedIconButton } from '@jupyter/chat';
import { stopIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { ChatIndex } from './chats';
import type { PersonaClient } from './rest';

const LABEL = 'Stop the reply';

/**
 * Make the toolbar item that stops the personas of a chat.
 *
 * It shows only while a bot is writing.
 */
export function stopButton(
  client: PersonaClient,
  chats: ChatIndex
): React.FunctionComponent<IToolbarItemProps> {
  return function StopButton({ model, chatModel, edit }: IToolbarItemProps): JSX.Element | null {
    const [writing, setWriting] = React.useState(false);
    const [stopping, setStopping] = React.useState(false);
    const focused = React.useRef(false);

    React.useEffect(() => {
      if (!chatModel) {
        return;
      }
      chats.remember(model, chatModel);
      const look = () => setWriting(chatModel.writers.some(writer => writer.user.bot));
      look();
      chatModel.writersChanged?.connect(look);
      return () => {
        chatModel.writersChanged?.disconnect(look);
      };
    }, [model, chatModel]);

    React.useEffect(() => {
      // The button is gone: keep the keyboard in the chat.
      if (!writing && focused.current) {
        focused.current = false;
        model.focus();
      }
    }, [model, writing]);

    const stop = async (): Promise<void> => {
      if (!chatModel?.id || stopping) {
        return;
      }
      setStopping(true);
      await client.stop(chatModel.id);
      setStopping(false);
    };

    if (!writing || edit) {
      return null;
    }
    return (
      <TooltippedIconButton
        onClick={() => void stop()}
        tooltip={LABEL}
        aria-label={LABEL}
        buttonProps={{
          title: LABEL,
          className: 'persona-StopButton',
          onFocus: () => (focused.current = true),
          onBlur: () => (focused.current = false)
        }}
      >
        <stopIcon.react tag="span" className="persona-StopButton-icon" />
      </TooltippedIconButton>
    );
  };
}
