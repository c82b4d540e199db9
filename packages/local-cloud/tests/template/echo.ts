// The function of sample.yaml: gives back what it gets.

export const handler = async (event: unknown): Promise<unknown> => event;
