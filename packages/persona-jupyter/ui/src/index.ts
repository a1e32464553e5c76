import {
  IChatCommandRegistry,
  IInputToolbarRegistryFactory,
  IMessagePreambleRegistry
} from '@jupyter/chat';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

import { ArgumentProvider } from './arguments';
import { ChatIndex } from './chats';
import { CommandProvider } from './commands';
import { firstUsePlugin } from './first-use-plugin';
import { MentionProvider } from './mentions';
import { permissionButtons } from './permission-buttons';
import { pickerButton } from './picker-button';
import { ReplyFooter } from './reply-footer';
import { PersonaClient } from './rest';
import { saveButton } from './save-button';
import { stopButton } from './stop-button';

/** Between "attach" (20) and "send" (100) of jupyterlab-chat. */
const STOP_POSITION = 90;

/** Before all of them. */
const PICKER_POSITION = 5;

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'persona-jupyter:plugin',
  description: 'Personas in the menus of the chat input, and buttons that stop and answer them.',
  autoStart: true,
  requires: [IChatCommandRegistry, IInputToolbarRegistryFactory],
  optional: [IMessagePreambleRegistry],
  activate: (
    _app: JupyterFrontEnd,
    commands: IChatCommandRegistry,
    toolbars: IInputToolbarRegistryFactory,
    preambles: IMessagePreambleRegistry | null
  ) => {
    const client = new PersonaClient();
    const chats = new ChatIndex();
    commands.addProvider(new MentionProvider(client, chats));
    commands.addProvider(new CommandProvider(client, chats));
    commands.addProvider(new ArgumentProvider(client, chats));

    // A preamble, as any number of extensions may add one; a footer takes the others' place.
    preambles?.addComponent(permissionButtons(client));
    preambles?.addComponent(saveButton(client));
    preambles?.addComponent(ReplyFooter);

    const picker = pickerButton(client, chats);
    const element = stopButton(client, chats);
    const create = toolbars.create.bind(toolbars);
    toolbars.create = () => {
      const toolbar = create();
      toolbar.addItem('persona-picker', { element: picker, position: PICKER_POSITION });
      toolbar.addItem('persona-stop', { element, position: STOP_POSITION });
      return toolbar;
    };
  }
};

export default [plugin, firstUsePlugin];
