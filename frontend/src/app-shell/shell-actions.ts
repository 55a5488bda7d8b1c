/** What can be done from anywhere: by key, from the header and from the palette. */
export interface ShellActions {
  help: () => void;
  palette: () => void;
  search: () => void;
  theme: () => void;
  language: () => void;
  wall: () => void;
}
