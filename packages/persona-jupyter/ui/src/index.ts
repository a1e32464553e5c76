import {
  IChatCommandRegistry,
  IInputToolbarRegistryFactory,
  IMessagePreambleRegistry
} from '@jupyter/chat';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ServerConnection } from '@jupyterlab/services';

import { ArgumentProvider } from './arguments';
import { ChatIndex } from './chats';
import { CommandProvider } from './commands';
import { PersonaEvents } from './events';
import { IPersonaFiles, filesPlugin } from './files-plugin';
import { firstUsePlugin } from './first-use-plugin';
import { InputStores } from './input-stores';
import { SaidToUs } from './jupyter-ai';
import { MentionProvider } from './mentions';
import type { PersonaFiles } from './persona-files';
import { permissionButtons } from './permission-buttons';
import { PickMemory } from './pick-memory';
import { pickerButton } from './picker-button';
import { PickerStore } from './picker-store';
import { reportPlugin } from './report-plugin';
import { ReplyFooter } from './reply-footer';
import { PersonaClient } from './rest';
import { rosterButton } from './roster-button';
import { RosterClient } from './roster-client';
import { saveButton } from './save-button';
import { stopButton } from './stop-button';
import { trustButtons } from './trust-buttons';
import { TrustQuestions } from './trust-questions';

/** Between "attach" (20) and "send" (100) of jupyterlab-chat. */
const STOP_POSITION = 90;

/** Before all of them. */
const ROSTER_POSITION = 4;
const PICKER_POSITION = 5;

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'persona-jupyter:plugin',
  description: 'Personas in the menus of the chat input, and buttons that stop and answer them.',
  autoStart: true,
  requires: [IChatCommandRegistry, IInputToolbarRegistryFactory, IPersonaFiles],
  optional: [IMessagePreambleRegistry],
  activate: (
    app: JupyterFrontEnd,
    commands: IChatCommandRegistry,
    toolbars: IInputToolbarRegistryFactory,
    files: PersonaFiles,
    preambles: IMessagePreambleRegistry | null
  ) => {
    const client = new PersonaClient();
    const chats = new ChatIndex();
    commands.addProvider(new MentionProvider(client, chats));
    commands.addProvider(new CommandProvider(client, chats));
    commands.addProvider(new ArgumentProvider(client, chats));
    commands.addProvider(new SaidToUs(client, chats));

    // A preamble, as any number of extensions may add one; a footer takes the others' place.
    const questions = new TrustQuestions();
    preambles?.addComponent(permissionButtons(client));
    preambles?.addComponent(saveButton(client));
    preambles?.addComponent(trustButtons(client, questions));
    preambles?.addComponent(ReplyFooter);

    // One for both, so that they ask together.
    const rosters = new RosterClient();
    const events = new PersonaEvents(app.serviceManager.events?.stream);
    const stores = new InputStores(chats, place => new PickerStore(rosters, place));
    const { baseUrl } = ServerConnection.makeSettings();
    const memory = new PickMemory(() => window.localStorage, baseUrl);
    const roster = rosterButton(rosters, chats, files, events, memory, questions);
    const picker = pickerButton(client, stores, events, memory);
    const element = stopButton(client, stores);
    const create = toolbars.create.bind(toolbars);
    toolbars.create = () => {
      const toolbar = create();
      toolbar.addItem('persona-roster', { element: roster, position: ROSTER_POSITION });
      toolbar.addItem('persona-picker', { element: picker, position: PICKER_POSITION });
      toolbar.addItem('persona-stop', { element, position: STOP_POSITION });
      return toolbar;
    };
  }
};

export default [plugin, filesPlugin, firstUsePlugin, reportPlugin];
