// What a world needs to know about Tidegate's stack, as `npm start` does.

import path from 'node:path';
import type { Project } from '../packages/local-cloud/project.ts';

export const project: Project = {
  root: path.dirname(import.meta.dirname),
  stackName: 'tidegate',
  title: 'Tidegate',
  dataDir: '.tidegate',
  originParameter: 'DashboardOrigin',
};
