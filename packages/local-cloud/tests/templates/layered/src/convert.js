// Converts by a package that only a layer has.

const { fahrenheit } = require('units');

exports.handler = async ({ id, celsius }) => console.log(`${id} has ${fahrenheit(celsius)} F`);
