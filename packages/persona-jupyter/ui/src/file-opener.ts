import type { JupyterFrontEnd } from '@jupyterlab/application';

import type { IPlace } from './report';

interface IOpened {
  readonly id: string;
  readonly isAttached: boolean;
  readonly context?: { readonly ready: Promise<void> };
  readonly content?: { readonly editor?: IEditor };
}

interface IEditor {
  setCursorPosition(position: { line: number; column: number }): void;
  revealPosition(position: { line: number; column: number }): void;
}

/** Opens the files that tools work at, beside the chat. */
export class FileOpener {
  constructor(private readonly app: JupyterFrontEnd) {}

  /** Open a file at its line, or a folder in the file browser; whether there is such a thing. */
  async open({ open: path, line }: IPlace): Promise<boolean> {
    if (!path) {
      return false;
    }
    let type: string;
    try {
      ({ type } = await this.app.serviceManager.contents.get(path, { content: false }));
    } catch {
      return false;
    }
    if (type === 'directory') {
      await this.app.commands.execute('filebrowser:open-path', { path });
      return true;
    }
    const last = this.last?.isAttached ? this.last : undefined;
    const options = last ? { mode: 'tab-after', ref: last.id } : { mode: 'split-right' };
    const opened = await this.app.commands.execute('docmanager:open', { path, options });
    this.last = opened as IOpened | undefined;
    await this.last?.context?.ready;
    const editor = this.last?.content?.editor;
    if (line && editor) {
      const position = { line: line - 1, column: 0 };
      editor.setCursorPosition(position);
      editor.revealPosition(position);
    }
    return true;
  }

  private last: IOpened | undefined;
}
