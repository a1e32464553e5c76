import { IChatBodyPlaceholderFactory } from '@jupyter/chat';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

import { IPersonaFiles } from './files-plugin';
import { firstUse } from './first-use';
import { FirstUseClient } from './first-use-client';
import type { PersonaFiles } from './persona-files';

/**
 * A plugin of its own: if another extension provides what empty chats show, JupyterLab takes
 * one of the two and the rest of ours goes on.
 */
export const firstUsePlugin: JupyterFrontEndPlugin<IChatBodyPlaceholderFactory> = {
  id: 'persona-jupyter:first-use',
  description: 'What an empty chat shows: who is there, and how to create a persona.',
  autoStart: true,
  requires: [IPersonaFiles],
  provides: IChatBodyPlaceholderFactory,
  activate: (_app: JupyterFrontEnd, files: PersonaFiles) => firstUse(new FirstUseClient(), files)
};
