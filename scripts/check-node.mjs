// Imported first by every command. Keep its syntax old: it has to run where nothing else of the project does.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `Gatehouse needs Node 20.19 or newer, this is ${process.versions.node}. Get a newer one from https://nodejs.org and try again.`,
  );
  process.exit(1);
}
