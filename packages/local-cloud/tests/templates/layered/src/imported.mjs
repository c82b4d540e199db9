// The same by an import.

import { fahrenheit } from 'units';

export const handler = async ({ celsius }) => console.log(`imported ${fahrenheit(celsius)} F`);
