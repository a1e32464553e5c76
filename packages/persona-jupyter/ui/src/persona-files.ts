import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Drive, RestContentProvider, ServerConnection } from '@jupyterlab/services';

/** Name of the drive, as it stands before the paths of its files. */
const DRIVE = 'Personas';

const ENDPOINT = 'api/personas/contents';

/** What collaboration calls its way to files; the editor asks every drive for it. */
const COLLABORATIVE = 'rtc';

const BESIDE = { mode: 'split-right' };

interface IOpened {
  readonly id: string;
  readonly isAttached: boolean;
}

/** A persona's file, as the server tells it. */
export interface IPersonaFile {
  /** Path below the server's root. */
  path: string;
  /** Whether the server's own contents API refuses it, as it refuses all hidden files. */
  hidden: boolean;
}

/** Opens persona files in JupyterLab's editor, also those that lie in a hidden folder. */
export class PersonaFiles {
  constructor(private readonly app: JupyterFrontEnd) {
    const serverSettings = ServerConnection.makeSettings();
    const options = { apiEndpoint: ENDPOINT, serverSettings };
    const drive = new Drive({ name: DRIVE, ...options });
    drive.contentProviderRegistry?.register(COLLABORATIVE, new RestContentProvider(options));
    app.serviceManager.contents.addDrive(drive);
  }

  /** Open a file beside what is open now, and further ones as tabs beside the first. */
  async open({ path, hidden }: IPersonaFile): Promise<void> {
    const beside = this.last?.isAttached ? { mode: 'tab-after', ref: this.last.id } : BESIDE;
    const widget = await this.app.commands.execute('docmanager:open', {
      path: hidden ? `${DRIVE}:${path}` : path,
      factory: 'Editor',
      options: beside
    });
    this.last = widget as IOpened | undefined;
  }

  private last: IOpened | undefined;
}
