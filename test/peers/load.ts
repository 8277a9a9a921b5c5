/**
 * A package of this folder's own node_modules, by name at run time: the project itself neither
 * installs nor type-checks these servers, so each caller says what it uses of one.
 */
export async function load<Exports>(name: string): Promise<Exports> {
  return (await import(name)) as Exports;
}
