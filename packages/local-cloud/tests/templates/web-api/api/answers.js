// What is answered where there is nothing.

export const notFound = { statusCode: 404, body: 'not here' };
