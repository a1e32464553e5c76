import { IChatCommandRegistry, IInputToolbarRegistryFactory } from '@jupyter/chat';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

import { ChatIndex } from './chats';
import { CommandProvider } from './commands';
import { MentionProvider } from './mentions';
import { PersonaClient } from './rest';
import { stopButton } from './stop-button';

/** Between "attach" (20) and "send" (100) of jupyterlab-chat. */
const STOP_POSITION = 90;

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'persona-jupyter:plugin',
  description: 'Personas in the menus of the chat input, and a button that stops them.',
  autoStart: true,
  requires: [IChatCommandRegistry, IInputToolbarRegistryFactory],
  activate: (
    _app: JupyterFrontEnd,
    commands: IChatCommandRegistry,
    toolbars: IInputToolbarRegistryFactory
  ) => {
    const client = new PersonaClient();
    const chats = new ChatIndex();
    commands.addProvider(new MentionProvider(client, chats));
    commands.addProvider(new CommandProvider(client, chats));

    const element = stopButton(client, chats);
    const create = toolbars.create.bind(toolbars);
    toolbars.create = () => {
      const toolbar = create();
      toolbar.addItem('persona-stop', { element, position: STOP_POSITION });
      return toolbar;
    };
  }
};

export default plugin;
