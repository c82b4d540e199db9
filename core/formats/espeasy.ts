// ESPEasy: the document of all tasks that it serves as `/json`.

import { isObject, type Format, type Json, type Leaf } from './draft.ts';

/**
 * Recognised by `Sensors`, an array of tasks with `TaskName` and `TaskValues`. A value is named by its task and its name,
 * as on its topics: `bme280_Temperature`. A disabled task keeps its last values, which are left out.
 * @see https://espeasy.readthedocs.io/en/latest/Reference/Command.html
 */
export const espeasy: Format = {
  name: 'espeasy',
  read: (payload) => {
    if (!isObject(payload) || !Array.isArray(payload['Sensors'])) return undefined;
    const tasks: readonly unknown[] = payload['Sensors'];
    if (tasks.length === 0 || !tasks.every(isTask)) return undefined;
    const values = tasks.flatMap(valuesOf);
    return values.length > 0 ? [{ times: [], values }] : [];
  },
};

const isTask = (task: unknown): task is Json =>
  isObject(task) && typeof task['TaskName'] === 'string' && Array.isArray(task['TaskValues']);

function valuesOf(task: Json, index: number): Leaf[] {
  const isOff = task['TaskEnabled'] === 'false' || task['TaskEnabled'] === false;
  return (task['TaskValues'] as readonly unknown[]).flatMap((item, place) => {
    if (!isObject(item) || typeof item['Name'] !== 'string') return [];
    const path = ['Sensors', String(index), 'TaskValues', String(place), 'Value'];
    return [{ path, name: [task['TaskName'] as string, item['Name']], value: isOff ? null : item['Value'] }];
  });
}
