import type { JupyterFrontEnd } from '@jupyterlab/application';

import { Beside } from './beside';
import type { IPlace } from './report';

/** Opens the files that tools work at, beside the chat. */
export class FileOpener {
  constructor(private readonly app: JupyterFrontEnd) {
    this.beside = new Beside(app);
  }

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
    await this.beside.open(path, line);
    return true;
  }

  private readonly beside: Beside;
}
