import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Drive, RestContentProvider, ServerConnection } from '@jupyterlab/services';

import { Beside } from './beside';

/** Name of the drive, as it stands before the paths of its files. */
const DRIVE = 'Personas';

const ENDPOINT = 'api/personas/contents';

/** What collaboration calls its way to files; the editor asks every drive for it. */
const COLLABORATIVE = 'rtc';

/** A persona's file, as the server tells it. */
export interface IPersonaFile {
  /** Path below the server's root. */
  path: string;
  /** Whether the server's own contents API refuses it, as it refuses all hidden files. */
  hidden: boolean;
}

/** Opens persona files in JupyterLab's editor, also those that lie in a hidden folder. */
export class PersonaFiles {
  constructor(app: JupyterFrontEnd) {
    this.beside = new Beside(app);
    const serverSettings = ServerConnection.makeSettings();
    const options = { apiEndpoint: ENDPOINT, serverSettings };
    const drive = new Drive({ name: DRIVE, ...options });
    drive.contentProviderRegistry?.register(COLLABORATIVE, new RestContentProvider(options));
    app.serviceManager.contents.addDrive(drive);
  }

  /** Open a file beside what is open now; `line`: where to stand in it, from 1. */
  async open({ path, hidden }: IPersonaFile, line?: number): Promise<void> {
    await this.beside.open(hidden ? `${DRIVE}:${path}` : path, line, 'Editor');
  }

  private readonly beside: Beside;
}
