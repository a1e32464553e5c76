import type { JupyterFrontEnd } from '@jupyterlab/application';

/** A document that was opened. */
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

/** Opens files beside the chat, and further ones as tabs beside the first. */
export class Beside {
  constructor(private readonly app: JupyterFrontEnd) {}

  /**
   * Open a file.
   *
   * @param path - Its path, with the name of its drive.
   * @param line - Where to stand in it, from 1; only editors of text can.
   * @param factory - What to open it with, if not as usual.
   */
  async open(path: string, line?: number, factory?: string): Promise<void> {
    const last = this.last?.isAttached ? this.last : undefined;
    const options = last ? { mode: 'tab-after', ref: last.id } : { mode: 'split-right' };
    const opened = await this.app.commands.execute('docmanager:open', {
      path,
      options,
      ...(factory ? { factory } : {})
    });
    this.last = opened as IOpened | undefined;
    await this.last?.context?.ready;
    const editor = this.last?.content?.editor;
    if (line && editor) {
      const position = { line: line - 1, column: 0 };
      editor.setCursorPosition(position);
      editor.revealPosition(position);
    }
  }

  private last: IOpened | undefined;
}
