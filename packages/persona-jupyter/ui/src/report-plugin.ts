import { IMessagePreambleRegistry } from '@jupyter/chat';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

import { FileOpener } from './file-opener';
import { messageReport } from './message-report';

/** A plugin of its own: without it the same is read as Markdown. */
export const reportPlugin: JupyterFrontEndPlugin<void> = {
  id: 'persona-jupyter:reports',
  description: 'Tool calls, plans and thoughts of personas, folded in the conversation.',
  autoStart: true,
  requires: [],
  optional: [IMessagePreambleRegistry],
  activate: (app: JupyterFrontEnd, preambles: IMessagePreambleRegistry | null) =>
    preambles?.addComponent(messageReport(new FileOpener(app)))
};
