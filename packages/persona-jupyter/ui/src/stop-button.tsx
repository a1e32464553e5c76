import { IChatModel, IInputModel, IToolbarItemProps, TooltippedIconButton } from '@jupyter/chat';
import { stopIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { InputStores } from './input-stores';
import { useStore } from './picker-parts';
import type { IPickerState, PickerStore } from './picker-store';
import type { PersonaClient } from './rest';

const LABEL = 'Stop the reply';

interface IProps {
  model: IInputModel;
  chatModel: IChatModel;
}

/**
 * Make the toolbar item that stops the personas of a chat.
 *
 * It shows only while a persona works or waits for permission. The chat tells of those who
 * write, but not after the page was loaded again; what the picker knows fills that.
 */
export function stopButton(
  client: PersonaClient,
  stores: InputStores<PickerStore>
): React.FunctionComponent<IToolbarItemProps> {
  function StopButton({ model, chatModel }: IProps): JSX.Element | null {
    const working = isAtWork(useStore(stores.of(model, chatModel)));
    const [told, setWriting] = React.useState(false);
    const writing = told || working;
    const [stopping, setStopping] = React.useState(false);
    const focused = React.useRef(false);

    React.useEffect(() => {
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
      if (!chatModel.id || stopping) {
        return;
      }
      setStopping(true);
      await client.stop(chatModel.id);
      setStopping(false);
    };

    if (!writing) {
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
  }

  return function StopItem({ model, chatModel, edit }: IToolbarItemProps): JSX.Element | null {
    return chatModel && !edit ? <StopButton model={model} chatModel={chatModel} /> : null;
  };
}

function isAtWork({ catalog }: IPickerState): boolean {
  return (catalog?.personas ?? []).some(({ state }) => state === 'busy' || state === 'waiting');
}
