import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Token } from '@lumino/coreutils';

import { PersonaFiles } from './persona-files';

/** What opens persona files; one for all, as its drive has one name. */
export const IPersonaFiles = new Token<PersonaFiles>(
  'persona-jupyter:IPersonaFiles',
  'Opens persona files in the editor, also those in hidden folders.'
);

export const filesPlugin: JupyterFrontEndPlugin<PersonaFiles> = {
  id: 'persona-jupyter:files',
  description: 'Persona files in the editor.',
  autoStart: true,
  requires: [],
  provides: IPersonaFiles,
  activate: (app: JupyterFrontEnd) => new PersonaFiles(app)
};
