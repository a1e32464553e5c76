/** What reports need of JupyterLab besides `shims.d.ts`; the declarations are merged. */

declare module '@jupyterlab/ui-components' {
  export const caretRightIcon: IIcon;
  export const circleEmptyIcon: IIcon;
  export const closeIcon: IIcon;
}
