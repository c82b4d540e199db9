// What ends a process that runs worlds: any error that nobody caught, but for those of processes that the world killed.

const ACCIDENT = 70;

export function dieOfAccidents(): void {
  // The process that a world kills leaves promises behind, as any process does; they are not errors.
  process.on('unhandledRejection', (error: unknown) => {
    if (error instanceof Error && error.name === 'Killed') return;
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(ACCIDENT);
  });
}
