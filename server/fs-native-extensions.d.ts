// The one function of fs-native-extensions we call; the package brings no types.
declare module "fs-native-extensions" {
  /** Takes an exclusive lock on an open file. False when another open file holds it. */
  export function tryLock(fd: number): boolean;
}
