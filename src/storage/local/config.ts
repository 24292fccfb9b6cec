/** Settings of local files; plain data. */
export interface LocalSettings {
  /** Permission bits of data files; absent = 0666 without those of the umask. */
  fileMode?: number;
  /** Permission bits of directories; absent = 0777 without those of the umask. */
  dirMode?: number;
  /** False = all writes go by way of the page cache. */
  directWrites?: boolean;
}
